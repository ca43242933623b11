#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media_reader.h"

namespace lipsound2::video {

/// What a clip's sound must become.
struct SoundTarget {
  std::string file;          ///< for messages
  double start = 0;          ///< container time of the first picture
  std::int64_t samples = 0;  ///< wanted, at `rate`
  int rate = 0;
  bool part = false;  ///< sound beyond the pictures belongs to other parts of the recording
};

struct ClipSound {
  audio::Waveform wave;
  std::vector<std::string> notes;  ///< what was done to fit it, where it is worth telling
};

/// Resamples the sound and lays it under the pictures. What is missing at either end, up to 80 ms,
/// is filled with the reflected edge; what is too much, up to 80 ms (any length for a part), is
/// cut. Throws kData for more than that, for no sound and for silence (no sample above -60 dB of
/// full scale).
ClipSound fit_sound(const DecodedSound& sound, const SoundTarget& target);

}  // namespace lipsound2::video
