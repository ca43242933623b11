#pragma once

#include "lipsound2/experiment/sound_clips.h"
#include "lipsound2/train/task.h"
#include "lipsound2/vocoder/waveglow.h"

namespace lipsound2::experiment {

/// Trains a WaveGlow by the likelihood of random segments of sound; validation measures the
/// likelihood of whole clips and scores their copy synthesis, as "nll" (nats per sample), "stoi"
/// and "estoi".
class VocoderTask final : public train::Task {
 public:
  VocoderTask(vocoder::WaveGlow network, const ExperimentConfig& config, const std::string& device);

  torch::nn::Module& module() override { return *network_; }
  train::Losses losses(const data::Batch& batch, double progress) override;
  std::map<std::string, double> validate(const std::filesystem::path& samples) override;
  std::string best_score() const override { return "estoi"; }

 private:
  vocoder::WaveGlow network_;
  ExperimentConfig config_;
  torch::Device device_;
  SoundClipReader reader_;
  std::vector<SoundClip> valid_;
};

/// Prepares new weights for the sounds they will be trained on; see WaveGlowImpl::whiten().
void whiten_by_sounds(vocoder::WaveGlow& network,
                      const std::vector<SoundClip>& clips,
                      const ExperimentConfig& config);

}  // namespace lipsound2::experiment
