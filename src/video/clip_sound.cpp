#include "clip_sound.h"

#include <algorithm>
#include <cmath>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

constexpr double kMostMisfit = 0.080;
constexpr double kWorthTelling = 0.001;
constexpr double kMargin = 0.02;   // seconds
constexpr float kSilence = 1e-3F;  // -60 dB

void check_heard(const DecodedSound& sound, const SoundTarget& target) {
  const std::string& file = target.file;
  require(!sound.wave.samples.empty(),
          ErrorKind::kData,
          "{}: expected sound, found {}",
          file,
          sound.channels == 0 ? "no sound stream"
          : target.part       ? "none in this part"
                              : "an empty sound stream");
  const bool finite =
      std::ranges::all_of(sound.wave.samples, [](float x) { return std::isfinite(x); });
  require(
      finite, ErrorKind::kData, "{}: damaged: the sound holds values that are no numbers", file);
  const bool heard =
      std::ranges::any_of(sound.wave.samples, [](float x) { return std::abs(x) > kSilence; });
  require(heard, ErrorKind::kData, "{}: expected speech, found silence (below -60 dB)", file);
}

// How far the sound falls short of one end of the pictures (positive) or reaches beyond it.
std::string check_misfit(double seconds, const char* end, const SoundTarget& target) {
  if (target.part && seconds < 0)
    return "";
  const double milliseconds = std::abs(seconds) * 1000;
  const char* direction = seconds > 0 ? "shorter" : "longer";
  require(std::abs(seconds) <= kMostMisfit,
          ErrorKind::kData,
          "{}: expected sound as long as the picture within 80 ms, found it {:.0f} ms {} at the {}",
          target.file,
          milliseconds,
          direction,
          end);
  if (std::abs(seconds) < kWorthTelling)
    return "";
  return fmt::format("sound {:.0f} ms {} than the picture at the {}, {}",
                     milliseconds,
                     direction,
                     end,
                     seconds > 0 ? "edge reflected" : "cut");
}

// The sound of a part, with a little more at both ends for the resampler.
DecodedSound around_part(const DecodedSound& sound, const SoundTarget& target) {
  const int rate = sound.wave.rate;
  const double seconds = static_cast<double>(target.samples) / target.rate;
  const auto index_at = [&](double time) {
    return std::clamp<std::int64_t>(
        std::llround((time - sound.start) * rate), 0, std::ssize(sound.wave.samples));
  };
  const std::int64_t first = index_at(target.start - kMargin);
  const std::int64_t last = index_at(target.start + seconds + kMargin);
  DecodedSound part{.wave = {.samples = {}, .rate = rate},
                    .start = sound.start + static_cast<double>(first) / rate,
                    .channels = sound.channels};
  part.wave.samples.assign(sound.wave.samples.begin() + first, sound.wave.samples.begin() + last);
  return part;
}

ClipSound fit_whole(const DecodedSound& sound, const SoundTarget& target) {
  check_heard(sound, target);
  const audio::Waveform whole = audio::resample(sound.wave, target.rate);
  const auto count = static_cast<std::int64_t>(whole.samples.size());
  const std::int64_t lead = std::llround((sound.start - target.start) * target.rate);
  const double late = static_cast<double>(lead) / target.rate;
  const double early_end = static_cast<double>(target.samples - lead - count) / target.rate;
  const std::string at_start = check_misfit(late, "start", target);
  const std::string at_end = check_misfit(early_end, "end", target);

  ClipSound result;
  result.wave.rate = target.rate;
  result.wave.samples.resize(static_cast<std::size_t>(target.samples));
  for (std::int64_t i = 0; i < target.samples; ++i) {
    std::int64_t from = std::abs(i - lead);
    if (from >= count)
      from = 2 * (count - 1) - from;
    from = std::clamp<std::int64_t>(from, 0, count - 1);
    result.wave.samples[static_cast<std::size_t>(i)] =
        whole.samples[static_cast<std::size_t>(from)];
  }
  for (const std::string& note : {at_start, at_end})
    if (!note.empty())
      result.notes.push_back(note);
  return result;
}

}  // namespace

ClipSound fit_sound(const DecodedSound& sound, const SoundTarget& target) {
  return fit_whole(target.part ? around_part(sound, target) : sound, target);
}

}  // namespace lipsound2::video
