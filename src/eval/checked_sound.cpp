#include "checked_sound.h"

#include <algorithm>
#include <cmath>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {

SoundSamples check_sound(const audio::Waveform& sound, const char* which) {
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
  return {sound.samples.begin(), sound.samples.end()};
}

SoundPair check_sounds(const audio::Waveform& reference, const audio::Waveform& degraded) {
  require(
      reference.rate == degraded.rate,
      ErrorKind::kData,
      "expected two sounds of the same sample rate, found {} Hz (reference) and {} Hz (degraded)",
      reference.rate,
      degraded.rate);
  return {check_sound(reference, "reference"), check_sound(degraded, "degraded"), reference.rate};
}

}  // namespace lipsound2::eval
