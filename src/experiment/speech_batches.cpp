#include "speech_batches.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "lipsound2/core/random.h"

namespace lipsound2::experiment {
namespace {

constexpr std::int64_t kSortedBatches = 32;  // so many are sorted by length together

// Batches of clips of similar length, in random order.
std::vector<std::vector<std::size_t>> epoch_order(const std::vector<SpeechClip>& clips,
                                                  std::int64_t batch_size,
                                                  Rng rng) {
  std::vector<std::size_t> all(clips.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  rng.shuffle(all);
  const auto piece = [&](std::int64_t begin, std::int64_t size) {
    return std::ranges::subrange(all.begin() + begin,
                                 all.begin() + std::min(begin + size, std::ssize(all)));
  };
  for (std::int64_t begin = 0; begin < std::ssize(all); begin += kSortedBatches * batch_size)
    std::ranges::stable_sort(piece(begin, kSortedBatches * batch_size), {}, [&](std::size_t clip) {
      return clips[clip].entry.samples;
    });
  std::vector<std::vector<std::size_t>> batches;
  for (std::int64_t begin = 0; begin < std::ssize(all); begin += batch_size) {
    const auto batch = piece(begin, batch_size);
    batches.emplace_back(batch.begin(), batch.end());
  }
  rng.shuffle(batches);
  return batches;
}

}  // namespace

SpeechBatches::SpeechBatches(std::vector<SpeechClip> clips, const ExperimentConfig& config)
    : clips_(std::move(clips)),
      config_(config.asr),
      features_(config.audio, config.asr.features),
      rate_(config.audio.sample_rate),
      batch_size_(config.data.batch_size),
      seed_(static_cast<std::uint64_t>(config.seed)) {}

std::int64_t SpeechBatches::batches(std::int64_t /*epoch*/) const {
  return (std::ssize(clips_) + batch_size_ - 1) / batch_size_;
}

void SpeechBatches::start(std::int64_t epoch, std::int64_t first_batch) {
  epoch_ = epoch;
  order_ = epoch_order(clips_, batch_size_, Rng(mix({seed_, static_cast<std::uint64_t>(epoch)})));
  position_ = static_cast<std::size_t>(first_batch);
}

std::optional<data::Batch> SpeechBatches::next() {
  if (position_ >= order_.size())
    return std::nullopt;
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<std::size_t>& clips = order_[position_++];
  std::vector<Tensor> mels(clips.size());
  at::parallel_for(0, std::ssize(clips), 1, [&](std::int64_t from, std::int64_t to) {
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i)
      mels[i] = features(clips[i]);
  });
  data::Batch batch;
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    batch.ids.push_back(clips_[clips[i]].entry.id);
    batch.texts.push_back(clips_[clips[i]].text);
    lengths.push_back(mels[i].size(0));
  }
  batch.mel = torch::nn::utils::rnn::pad_sequence(mels, /*batch_first=*/true);
  batch.mel_lengths = torch::tensor(lengths);
  times_.wait_ms +=
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
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
