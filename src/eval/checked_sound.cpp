#include "checked_sound.h"

#include <algorithm>
#include <cmath>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {

void require_sound(const audio::Waveform& sound, const char* which) {
  constexpr int kHighestScoredRate = 192000;  // the work of some metrics grows with its square
  require(sound.rate >= audio::kLowestRate && sound.rate <= kHighestScoredRate,
          ErrorKind::kData,
          "{} sound: expected {} to {} Hz, found {} Hz",
          which,
          audio::kLowestRate,
          kHighestScoredRate,
          sound.rate);
  const auto bad = std::ranges::find_if(sound.samples, [](float x) { return !std::isfinite(x); });
  if (bad != sound.samples.end())
    fail(ErrorKind::kNumeric,
         "{} sound: expected finite samples, found {} at {}",
         which,
         *bad,
         bad - sound.samples.begin());
}

void require_sounds(const audio::Waveform& reference, const audio::Waveform& degraded) {
  require(
      reference.rate == degraded.rate,
      ErrorKind::kData,
      "expected two sounds of the same sample rate, found {} Hz (reference) and {} Hz (degraded)",
      reference.rate,
      degraded.rate);
  require_sound(reference, "reference");
  require_sound(degraded, "degraded");
}

SoundSamples check_sound(const audio::Waveform& sound, const char* which) {
  require_sound(sound, which);
  return {sound.samples.begin(), sound.samples.end()};
}

SoundPair check_sounds(const audio::Waveform& reference, const audio::Waveform& degraded) {
  require_sounds(reference, degraded);
  return {{reference.samples.begin(), reference.samples.end()},
          {degraded.samples.begin(), degraded.samples.end()},
          reference.rate};
}

}  // namespace lipsound2::eval
