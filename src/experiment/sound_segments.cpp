#include "sound_segments.h"

#include <cmath>
#include <span>

#include <ATen/ops/stack.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"

namespace lipsound2::experiment {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{1} << 30;

}  // namespace

SoundSegments::SoundSegments(std::vector<SoundClip> clips,
                             const ExperimentConfig& config,
                             const data::PlanSetup& plan)
    : clips_(std::move(clips)),
      reader_(config),
      mel_(config.audio),
      vary_(config.vocoder.vary),
      rate_(config.audio.sample_rate),
      hop_(config.audio.hop),
      margin_(vary_.none() ? 0 : (config.audio.fft / 2 + hop_ - 1) / hop_),
      frames_(config.vocoder.segment_frames),
      epochs_(std::vector<std::int64_t>(clips_.size(), 1),  // all segments are equally long
              plan,
              static_cast<std::uint64_t>(config.seed)),
      kept_(clips_.size()) {}

std::int64_t SoundSegments::batches(std::int64_t epoch) const {
  return epochs_.batches(epoch);
}

void SoundSegments::start(std::int64_t epoch, std::int64_t first_batch) {
  epochs_.start(epoch, first_batch);
}

std::optional<data::Batch> SoundSegments::next() {
  const std::vector<std::int64_t>* const clips = epochs_.next();
  if (clips == nullptr)
    return std::nullopt;
  data::Batch batch;
  std::vector<Tensor> mels;
  for (const std::int64_t position : *clips) {
    const auto clip = static_cast<std::size_t>(position);
    Cut segment = cut(clip);
    batch.ids.push_back(clips_[clip].id);
    batch.texts.emplace_back();
    mels.push_back(segment.mel);
    batch.samples.push_back(std::move(segment.samples));
  }
  batch.mel = at::stack(mels);
  return batch;
}

const SoundWithMel& SoundSegments::sound(std::size_t clip) {
  if (kept_[clip].mel.defined())
    return kept_[clip];
  SoundWithMel read = reader_.read(clips_[clip]);
  const std::size_t bytes = read.sound.samples.size() * sizeof(float) + read.mel.nbytes();
  if (kept_bytes_ + bytes > kKeptBytes) {
    passing_ = std::move(read);
    return passing_;
  }
  kept_bytes_ += bytes;
  return kept_[clip] = std::move(read);
}

SoundSegments::Cut SoundSegments::cut(std::size_t clip) {
  const SoundWithMel& whole = sound(clip);
  const auto needed = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(frames_ + 2 * margin_) * (1 + vary_.speed)));
  const std::int64_t room = whole.mel.size(0) - needed;
  require(room >= 0,
          ErrorKind::kData,
          "{}: has {} mel frames, fewer than vocoder.segment_frames, which is {}{}",
          clips_[clip].id,
          whole.mel.size(0),
          frames_,
          vary_.none() ? "" : fmt::format(" and with vocoder.vary takes {}", needed));
  Rng rng = epochs_.draws_of(clip);
  if (!vary_.none())
    return varied(whole, rng);
  const std::int64_t first = rng.below(room + 1);
  const auto from = whole.sound.samples.begin() + first * hop_;
  return {whole.mel.narrow(0, first, frames_), {from, from + frames_ * hop_}};
}

// As many samples as become the segment and its margins at the new speed, then these.
SoundSegments::Cut SoundSegments::varied(const SoundWithMel& whole, Rng& rng) const {
  const std::int64_t length = (frames_ + 2 * margin_) * hop_;
  const auto rate = static_cast<int>(
      std::lround(static_cast<double>(rate_) * (1 + vary_.speed * rng.uniform(-1, 1))));
  const std::int64_t taken = (length * rate + rate_ - 1) / rate_;
  const std::int64_t grain = vary_.any_sample ? 1 : hop_;
  const auto size = static_cast<std::int64_t>(whole.sound.samples.size());
  const auto from = whole.sound.samples.begin() + grain * rng.below((size - taken) / grain + 1);
  const auto gain = static_cast<float>(std::pow(10.0, vary_.gain_db * rng.uniform(-1, 1) / 20));
  audio::Waveform sound{{from, from + taken}, rate};
  if (rate != rate_)
    sound = audio::resample(sound, static_cast<int>(rate_));
  for (float& sample : sound.samples)
    sample *= gain;
  const Tensor mel = mel_(std::span(sound.samples).first(static_cast<std::size_t>(length)));
  const auto first = sound.samples.begin() + margin_ * hop_;
  return {mel.narrow(0, margin_, frames_), {first, first + frames_ * hop_}};
}

}  // namespace lipsound2::experiment
