#pragma once

#include "lipsound2/experiment/recognizer.h"
#include "lipsound2/experiment/speech_clips.h"
#include "lipsound2/train/task.h"

namespace lipsound2::experiment {

/// Trains a Jasper by CTC. Validation decodes greedily and scores "loss" (nats per letter), "wer",
/// "cer" and "letters_right", which is 1 - cer and decides which weights are the best; what was
/// heard is written to heard.tsv. Characters that are not in the alphabet are errors, and "loss"
/// leaves their clips out.
class AsrTask final : public train::Task {
 public:
  /// config.asr.symbols must be filled in. Validation takes eval.validation_clips of `valid`.
  AsrTask(asr::Jasper network,
          const ExperimentConfig& config,
          std::vector<SpeechClip> valid,
          const std::string& device);

  torch::nn::Module& module() override { return *network_; }
  train::Losses losses(const data::Batch& batch, double progress) override;
  std::map<std::string, double> validate(const std::filesystem::path& samples) override;
  std::string best_score() const override { return "letters_right"; }

 private:
  asr::Jasper network_;
  ExperimentConfig config_;
  c10::Device device_;
  Recognizer recognizer_;
  std::vector<SpeechClip> valid_;
};

}  // namespace lipsound2::experiment
