#pragma once

#include <vector>

#include "lipsound2/asr/speech_features.h"
#include "lipsound2/data/batch_source.h"
#include "lipsound2/experiment/speech_clips.h"

namespace lipsound2::experiment {

/// Training batches of a recognizer: batch.mel [B, M, bands] holds SpeechFeatures, padded with
/// zeros, batch.texts the normalized texts; no pictures. Every clip comes once per epoch. Its
/// speed, dither and masks are a function of (seed, epoch, clip). Clips of a batch are of similar
/// length. For one thread; the clips of a batch are read by all threads of the tensor library.
class SpeechBatches final : public data::BatchSource {
 public:
  SpeechBatches(std::vector<SpeechClip> clips, const ExperimentConfig& config);

  void start(std::int64_t epoch, std::int64_t first_batch = 0) override;
  std::optional<data::Batch> next() override;
  std::int64_t batches(std::int64_t epoch) const override;
  data::LoaderTimes times() const override { return times_; }

 private:
  Tensor features(std::size_t clip) const;

  std::vector<SpeechClip> clips_;
  AsrConfig config_;
  asr::SpeechFeatures features_;
  std::int64_t rate_;
  std::int64_t batch_size_;
  std::uint64_t seed_;
  std::int64_t epoch_ = 0;
  std::vector<std::vector<std::size_t>> order_;  ///< clips of the batches of this epoch
  std::size_t position_ = 0;
  data::LoaderTimes times_;
};

}  // namespace lipsound2::experiment
