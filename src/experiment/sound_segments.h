#pragma once

#include <vector>

#include "lipsound2/audio/mel.h"
#include "lipsound2/core/random.h"
#include "lipsound2/data/batch_source.h"
#include "lipsound2/experiment/sound_clips.h"

#include "planned_epochs.h"

namespace lipsound2::experiment {

/// Random segments of sounds with their mels, no pictures: batch.mel [B, M, bands] and
/// batch.samples, B times M * hop, with M = vocoder.segment_frames. Every clip comes once per
/// epoch, in one of the processes; from where is a function of (seed, epoch, clip). Sounds are kept
/// in memory as long as they take less than 1 GiB, which changes no batch. With vocoder.vary each
/// segment is changed, and its mel is that of the changed sound, its neighborhood included. next()
/// throws kData, naming it, for a clip that is too short. For one thread.
class SoundSegments final : public data::BatchSource {
 public:
  SoundSegments(std::vector<SoundClip> clips,
                const ExperimentConfig& config,
                const data::PlanSetup& plan);

  void start(std::int64_t epoch, std::int64_t first_batch = 0) override;
  std::optional<data::Batch> next() override;
  std::int64_t batches(std::int64_t epoch) const override;
  data::LoaderTimes times() const override { return {}; }

 private:
  struct Cut {
    Tensor mel;
    std::vector<float> samples;
  };
  Cut cut(std::size_t clip);
  Cut varied(const SoundWithMel& whole, Rng& rng) const;
  const SoundWithMel& sound(std::size_t clip);

  std::vector<SoundClip> clips_;
  SoundClipReader reader_;
  audio::MelSpectrogram mel_;
  SegmentVariation vary_;
  std::int64_t rate_;
  std::int64_t hop_;
  std::int64_t margin_;  ///< frames around a varied segment that its mel depends on
  std::int64_t frames_;
  PlannedEpochs epochs_;
  std::vector<SoundWithMel> kept_;  ///< by clip; empty where not kept
  SoundWithMel passing_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace lipsound2::experiment
