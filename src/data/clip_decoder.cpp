#include "clip_decoder.h"

#include <cmath>
#include <utility>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"

#include "clip_view.h"
#include "picture_decoder.h"

namespace lipsound2::data {
namespace {

void check_lengths(const ManifestEntry& entry, const std::string& name) {
  const std::int64_t expected =
      std::llround(static_cast<double>(entry.frames * entry.rate) / entry.fps);
  require(entry.samples == expected,
          ErrorKind::kData,
          "{}: expected {} samples for {} pictures at {} per second, found {} in the manifest",
          name,
          expected,
          entry.frames,
          entry.fps,
          entry.samples);
}

std::vector<float> decode_samples(const ClipView& clip,
                                  const ManifestEntry& entry,
                                  const std::string& name) {
  audio::Waveform sound = audio::decode_sound(clip.flac, name);
  require(sound.rate == entry.rate && std::ssize(sound.samples) == entry.samples,
          ErrorKind::kData,
          "{}: expected {} samples at {} Hz, found {} at {} Hz",
          name,
          entry.samples,
          entry.rate,
          sound.samples.size(),
          sound.rate);
  return std::move(sound.samples);
}

}  // namespace

ClipDecoder::ClipDecoder(const ShardSource& source,
                         const LoaderConfig& config,
                         const TensorPool& pool,
                         LoaderClock& clock)
    : source_(source),
      faces_(config.faces),
      mel_config_(config.mel),
      mel_(config.mel),
      with_samples_(config.with_samples),
      keeps_jpegs_(config.pictures == PictureState::kJpeg),
      pool_(pool),
      clock_(clock) {}

DecodedClip ClipDecoder::operator()(const ManifestEntry& entry) const {
  std::string bytes;
  {
    const LoaderClock::Span span(clock_, LoaderPart::kRead);
    bytes = read_clip_bytes(source_.of(entry.shard), entry);
  }
  return (*this)(entry, bytes);
}

DecodedClip ClipDecoder::operator()(const ManifestEntry& entry, std::string_view bytes) const {
  const std::string shard = source_.of(entry.shard);
  const std::string name = where_clip(shard, entry.id);
  check_lengths(entry, name);
  require(entry.rate == mel_config_.sample_rate,
          ErrorKind::kData,
          "{}: expected sound at {} Hz, as mel.sample_rate says, found {} Hz",
          name,
          mel_config_.sample_rate,
          entry.rate);
  ClipView view;
  {
    const LoaderClock::Span span(clock_, LoaderPart::kRead);
    view = view_clip(bytes, entry, shard);
  }
  DecodedClip clip;
  {
    const LoaderClock::Span span(clock_, LoaderPart::kSound);
    std::vector<float> samples = decode_samples(view, entry, name);
    clip.mel = mel_(samples);
    if (with_samples_)
      clip.samples = std::move(samples);
  }
  const LoaderClock::Span span(clock_, LoaderPart::kDecode);
  if (keeps_jpegs_) {
    clip.jpegs.assign(view.faces.begin(), view.faces.end());
    return clip;
  }
  clip.pictures = decode_pictures(view.faces, faces_, name, pool_);
  clip.mean = channel_means(clip.pictures);
  return clip;
}

std::int64_t ClipDecoder::bytes(std::int64_t frames, std::int64_t samples) const {
  const auto word = static_cast<std::int64_t>(sizeof(float));
  const std::int64_t mel = samples / mel_config_.hop * mel_config_.bands * word;
  const std::int64_t sound = with_samples_ ? samples * word : 0;
  return frames * faces_.resize_to * faces_.resize_to * faces_.channels() + mel + sound;
}

}  // namespace lipsound2::data
