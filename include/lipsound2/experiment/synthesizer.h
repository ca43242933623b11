#pragma once

#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/data/batch.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// What the network makes of one clip.
struct GeneratedMel {
  Tensor mel;      ///< [M, bands] natural log, on the CPU
  Tensor weights;  ///< [steps, T] attention
};

/// Pictures to mels to sound, by a network in eval mode and a vocoder. Deterministic. One thread at
/// a time.
class Synthesizer {
 public:
  Synthesizer(lip2mel::Lip2Mel network, const ExperimentConfig& config, const std::string& device);

  /// One result per clip of the batch, each of its own length.
  std::vector<GeneratedMel> mels(const data::Batch& batch);
  /// Log mel [M, bands] -> M * hop samples. Long mels go through the vocoder in overlapping pieces.
  audio::Waveform sound(const Tensor& mel) const;

 private:
  lip2mel::Lip2Mel network_;
  torch::Device device_;
  std::int64_t mels_per_picture_;
  vocoder::GriffinLim vocoder_;
};

/// Takes the pictures of a video of any length one by one and makes one mel of them: windows of
/// `window` pictures of which neighbors share `overlap`, cross-faded over what they share. Holds
/// one window of pictures, and the mels.
class WindowedSynthesis {
 public:
  WindowedSynthesis(Synthesizer& synthesizer, const ExperimentConfig& config);

  /// One picture as the network wants it: [C, H, W] uint8.
  void add(const Tensor& picture);
  /// The whole mel [M, bands]; call once, after the last picture.
  Tensor finish();

 private:
  void synthesize_window();

  Synthesizer& synthesizer_;
  std::size_t window_;
  std::size_t overlap_;
  std::int64_t mels_per_picture_;
  std::vector<Tensor> pictures_;
  std::size_t shared_ = 0;  ///< of pictures_, how many the last window has covered already
  Tensor mel_;
};

}  // namespace lipsound2::experiment
