#include "speech_batches.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::experiment {
namespace {

constexpr std::int64_t kPictureRate = 25;

}  // namespace

SpeechBatches::SpeechBatches(std::vector<SpeechClip> clips,
                             const ExperimentConfig& config,
                             const data::PlanSetup& plan)
    : clips_(std::move(clips)),
      config_(config.asr),
      features_(config.audio, config.asr.features),
      rate_(config.audio.sample_rate),
      plan_(plan),
      seed_(static_cast<std::uint64_t>(config.seed)) {
  for (const SpeechClip& clip : clips_) {
    lengths_.push_back(clip.entry.samples * kPictureRate / clip.entry.rate);
    require(plan_.max_frames == 0 || lengths_.back() <= plan_.max_frames,
            ErrorKind::kConfig,
            "data.max_frames: expected at least {}, as many pictures as the sound of clip '{}' is "
            "long, found {}",
            lengths_.back(),
            clip.entry.id,
            plan_.max_frames);
  }
}

data::EpochPlan SpeechBatches::plan(std::int64_t epoch) const {
  return data::shuffled_batches(
      lengths_, plan_, Rng(mix({seed_, static_cast<std::uint64_t>(epoch)})));
}

std::int64_t SpeechBatches::batches(std::int64_t epoch) const {
  return std::ssize(plan(epoch));
}

void SpeechBatches::start(std::int64_t epoch, std::int64_t first_batch) {
  epoch_ = epoch;
  order_ = plan(epoch);
  position_ = static_cast<std::size_t>(first_batch);
}

std::optional<data::Batch> SpeechBatches::next() {
  if (position_ >= order_.size())
    return std::nullopt;
  const std::vector<std::int64_t>& clips = order_[position_++];
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
  Rng rng(mix({seed_, static_cast<std::uint64_t>(epoch_), clip}));
  const auto speed =
      config_.speeds[static_cast<std::size_t>(rng.below(std::ssize(config_.speeds)))];
  audio::Waveform sound = asr::at_speed(read_speech(clips_[clip], rate_), speed);
  asr::add_dither(sound, config_.dither, rng);
  const Tensor features = features_(sound, clips_[clip].entry.id);
  asr::hide_parts(features, config_.augment, rng);
  return features;
}

}  // namespace lipsound2::experiment
