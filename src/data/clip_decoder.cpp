#include "clip_decoder.h"

#include <cmath>
#include <optional>
#include <utility>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/data/jpeg.h"
#include "lipsound2/data/shard.h"

#include "resizer.h"

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

std::vector<float> decode_samples(const StoredClip& clip,
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

ClipDecoder::ClipDecoder(const ShardSource& source, const LoaderConfig& config, LoaderClock& clock)
    : source_(source),
      faces_(config.faces),
      mel_config_(config.mel),
      mel_(config.mel),
      with_samples_(config.with_samples),
      clock_(clock) {}

DecodedClip ClipDecoder::operator()(const ManifestEntry& entry) const {
  StoredClip stored;
  {
    const LoaderClock::Span span(clock_, LoaderPart::kRead);
    stored = read_clip(source_.folder(), entry);
  }
  return decode(entry, stored);
}

DecodedClip ClipDecoder::operator()(const ManifestEntry& entry, std::string_view bytes) const {
  return decode(entry, parse_clip(bytes, entry, source_.of(entry.shard)));
}

DecodedClip ClipDecoder::decode(const ManifestEntry& entry, const StoredClip& stored) const {
  const std::string name = fmt::format("{}: clip '{}'", source_.of(entry.shard), entry.id);
  check_lengths(entry, name);
  require(entry.rate == mel_config_.sample_rate,
          ErrorKind::kData,
          "{}: expected sound at {} Hz, as mel.sample_rate says, found {} Hz",
          name,
          mel_config_.sample_rate,
          entry.rate);
  DecodedClip clip;
  {
    const LoaderClock::Span span(clock_, LoaderPart::kSound);
    std::vector<float> samples = decode_samples(stored, entry, name);
    clip.mel = mel_(samples);
    if (with_samples_)
      clip.samples = std::move(samples);
  }
  const LoaderClock::Span span(clock_, LoaderPart::kDecode);
  clip.faces = decode_faces(stored.faces, name);
  return clip;
}

std::int64_t ClipDecoder::bytes(std::int64_t frames, std::int64_t samples) const {
  const auto word = static_cast<std::int64_t>(sizeof(float));
  const std::int64_t mel = samples / mel_config_.hop * mel_config_.bands * word;
  const std::int64_t sound = with_samples_ ? samples * word : 0;
  return frames * faces_.resize_to * faces_.resize_to * channels() + mel + sound;
}

FacePictures ClipDecoder::decode_faces(const std::vector<std::string>& jpegs,
                                       const std::string& name) const {
  const auto side = static_cast<int>(faces_.resize_to);
  FacePictures faces{std::ssize(jpegs), side, channels(), {}};
  const auto stride = static_cast<std::size_t>(faces.side * faces.side * faces.channels);
  faces.pixels.resize(jpegs.size() * stride);
  std::optional<Resizer> resizer;
  for (std::size_t t = 0; t < jpegs.size(); ++t) {
    const Picture picture = decode_jpeg(
        jpegs[t], static_cast<int>(faces.channels), fmt::format("{}, picture {}", name, t + 1));
    const Resizer::Size size{picture.width, picture.height};
    if (!resizer || !(resizer->from() == size))
      resizer.emplace(size, Resizer::Size{side, side}, picture.channels);
    (*resizer)(picture.pixels.data(), faces.pixels.data() + t * stride);
  }
  return faces;
}

}  // namespace lipsound2::data
