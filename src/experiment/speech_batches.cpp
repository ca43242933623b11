#include "speech_batches.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::experiment {

namespace {

// Of the clips, in pictures. Throws kConfig for one that does not fit into a batch.
std::vector<std::int64_t> picture_counts(const std::vector<SpeechClip>& clips,
                                         std::int64_t max_frames) {
  std::vector<std::int64_t> lengths;
  for (const SpeechClip& clip : clips) {
    lengths.push_back(clip.entry.samples * kPicturesPerSecond / clip.entry.rate);
    require(max_frames == 0 || lengths.back() <= max_frames,
            ErrorKind::kConfig,
            "data.max_frames: expected at least {}, as many pictures as the sound of clip '{}' is "
            "long, found {}",
            lengths.back(),
            clip.entry.id,
            max_frames);
  }
  return lengths;
}

}  // namespace

SpeechBatches::SpeechBatches(std::vector<SpeechClip> clips,
                             const ExperimentConfig& config,
                             const data::PlanSetup& plan)
    : clips_(std::move(clips)),
      config_(config.asr),
      features_(config.audio, config.asr.features),
      rate_(config.audio.sample_rate),
      epochs_(
          picture_counts(clips_, plan.max_frames), plan, static_cast<std::uint64_t>(config.seed)) {}

std::int64_t SpeechBatches::batches(std::int64_t epoch) const {
  return epochs_.batches(epoch);
}

void SpeechBatches::start(std::int64_t epoch, std::int64_t first_batch) {
  epochs_.start(epoch, first_batch);
}

std::optional<data::Batch> SpeechBatches::next() {
  const std::vector<std::int64_t>* const planned = epochs_.next();
  if (planned == nullptr)
    return std::nullopt;
  const std::vector<std::int64_t>& clips = *planned;
  std::vector<Tensor> mels(clips.size());
  at::parallel_for(0, std::ssize(clips), 1, [&](std::int64_t from, std::int64_t to) {
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i)
      mels[i] = features(static_cast<std::size_t>(clips[i]));
  });
  data::Batch batch;
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const SpeechClip& clip = clips_[static_cast<std::size_t>(clips[i])];
    batch.ids.push_back(clip.entry.id);
    batch.texts.push_back(clip.text);
    lengths.push_back(mels[i].size(0));
  }
  batch.mel = torch::nn::utils::rnn::pad_sequence(mels, /*batch_first=*/true);
  batch.mel_lengths = torch::tensor(lengths);
  return batch;
}

Tensor SpeechBatches::features(std::size_t clip) const {
  Rng rng = epochs_.draws_of(clip);
  const auto speed =
      config_.speeds[static_cast<std::size_t>(rng.below(std::ssize(config_.speeds)))];
  audio::Waveform sound = asr::at_speed(read_speech(clips_[clip], rate_), speed);
  asr::add_dither(sound, config_.dither, rng);
  const Tensor features = features_(sound, clips_[clip].entry.id);
  asr::hide_parts(features, config_.augment, rng);
  return features;
}

}  // namespace lipsound2::experiment
