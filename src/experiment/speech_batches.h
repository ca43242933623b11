#pragma once

#include <vector>

#include "lipsound2/asr/speech_features.h"
#include "lipsound2/data/batch_source.h"
#include "lipsound2/experiment/speech_clips.h"

#include "planned_epochs.h"

namespace lipsound2::experiment {

/// Training batches of a recognizer: batch.mel [B, M, bands] holds SpeechFeatures, padded with
/// zeros, batch.texts the normalized texts; no pictures. Every clip comes once per epoch, in one of
/// the processes. Its speed, dither and masks are a function of (seed, epoch, clip). Clips of a
/// batch are of similar length; max_frames counts the pictures that their sound is as long as. For
/// one thread; the clips of a batch are read by all threads of the tensor library.
class SpeechBatches final : public data::BatchSource {
 public:
  /// Throws kConfig for clips that do not fit the plan.
  SpeechBatches(std::vector<SpeechClip> clips,
                const ExperimentConfig& config,
                const data::PlanSetup& plan);

  void start(std::int64_t epoch, std::int64_t first_batch = 0) override;
  std::optional<data::Batch> next() override;
  std::int64_t batches(std::int64_t epoch) const override;
  data::LoaderTimes times() const override { return {}; }

 private:
  Tensor features(std::size_t clip) const;

  std::vector<SpeechClip> clips_;
  AsrConfig config_;
  asr::SpeechFeatures features_;
  std::int64_t rate_;
  PlannedEpochs epochs_;
};

}  // namespace lipsound2::experiment
