#include "checked_sound.h"

#include <cmath>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {

SoundSamples check_sound(const audio::Waveform& sound, const char* which) {
  constexpr int kLowestRate = 1000;
  require(sound.rate >= kLowestRate,
          ErrorKind::kData,
          "{} sound: expected at least {} Hz, found {} Hz",
          which,
          kLowestRate,
          sound.rate);
  for (std::size_t i = 0; i < sound.samples.size(); ++i)
    require(std::isfinite(sound.samples[i]),
            ErrorKind::kNumeric,
            "{} sound: expected finite samples, found {} at {}",
            which,
            sound.samples[i],
            i);
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
