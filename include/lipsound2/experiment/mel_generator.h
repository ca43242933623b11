#pragma once

#include <vector>

#include "lipsound2/data/batch.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// What the network makes of one clip.
struct GeneratedMel {
  Tensor mel;      ///< [M, bands] natural log, on the CPU
  Tensor weights;  ///< [steps, T] attention
};

/// Pictures to mels, by a network in eval mode: the mean over decodings as `eval.draws` asks for.
/// Deterministic. One thread at a time.
class MelGenerator {
 public:
  MelGenerator(lip2mel::Lip2Mel network, const ExperimentConfig& config, const std::string& device);

  /// One result per clip of the batch, each of its own length, by a decoder that hears its own
  /// past.
  std::vector<GeneratedMel> generate(const data::Batch& batch);
  /// The same by a decoder that hears the true past, batch.mel, as in training: its mels have the
  /// timing of the true sound. Dropout is drawn for the whole batch, so a mel depends a little on
  /// the clips beside it. Seeds LibTorch's generator.
  std::vector<GeneratedMel> teacher_forced(const data::Batch& batch);

 private:
  std::vector<GeneratedMel> cut(const lip2mel::Lip2MelOutput& output,
                                const data::Batch& batch) const;

  lip2mel::Lip2Mel network_;
  torch::Device device_;
  std::int64_t mels_per_picture_;
  lip2mel::Ensemble ensemble_;
};

}  // namespace lipsound2::experiment
