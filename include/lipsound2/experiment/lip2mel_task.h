#pragma once

#include "lipsound2/data/manifest.h"
#include "lipsound2/experiment/synthesizer.h"
#include "lipsound2/train/task.h"

namespace lipsound2::experiment {

/// Trains the lip-to-mel network: teacher forcing and, in a growing share of batches, its own
/// output; validation runs free and scores STOI and ESTOI of the sound, as `eval` does.
class Lip2MelTask final : public train::Task {
 public:
  /// Validates on clips whose shards lie beside `manifest`.
  Lip2MelTask(lip2mel::Lip2Mel network,
              const ExperimentConfig& config,
              const std::filesystem::path& manifest,
              const std::string& device);

  torch::nn::Module& module() override { return *network_; }
  train::Losses losses(const data::Batch& batch, double progress) override;
  std::map<std::string, double> validate(const std::filesystem::path& samples) override;
  std::string best_score() const override { return "estoi"; }

 private:
  lip2mel::Lip2Mel network_;
  ExperimentConfig config_;
  std::filesystem::path manifest_;
  std::string device_;
};

/// The clips that validation scores: at most eval.validation_clips of the split, chosen by the hash
/// of their ids.
std::vector<data::ManifestEntry> validation_clips(const std::filesystem::path& manifest,
                                                  const ExperimentConfig& config);

/// Mean and deviation of each band over the (at most 2000) training clips: {mean [bands], deviation
/// [bands]} of log mels.
audio::MelStats measure_mels(const std::filesystem::path& manifest, const ExperimentConfig& config);

}  // namespace lipsound2::experiment
