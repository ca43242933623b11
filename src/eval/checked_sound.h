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

/// Throws kNumeric for a sample that is not finite and kData for a rate outside of 1000 to
/// 192000 Hz; `which` names the sound in the messages.
void require_sound(const audio::Waveform& sound, const char* which);

/// The same of both, and kData for rates that differ.
void require_sounds(const audio::Waveform& reference, const audio::Waveform& degraded);

/// The samples of a sound that is what require_sound() wants, in double precision.
SoundSamples check_sound(const audio::Waveform& sound, const char* which);

/// Those of both sounds that are what require_sounds() wants.
SoundPair check_sounds(const audio::Waveform& reference, const audio::Waveform& degraded);

}  // namespace lipsound2::eval
