#pragma once

#include <vector>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

using SoundSamples = std::vector<double>;

struct SoundPair {
  SoundSamples reference;
  SoundSamples degraded;
  int rate = 0;
};

/// The samples in double precision. A sample that is not finite is an error of kind kNumeric, a
/// rate outside of 1000 to 192000 Hz one of kind kData; `which` names the sound in their messages.
SoundSamples check_sound(const audio::Waveform& sound, const char* which);

/// Both sounds, checked. Rates that differ are an error of kind kData.
SoundPair check_sounds(const audio::Waveform& reference, const audio::Waveform& degraded);

}  // namespace lipsound2::eval
