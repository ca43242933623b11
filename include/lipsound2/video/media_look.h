#pragma once

#include <cstdint>
#include <string>

#include "lipsound2/video/footage.h"

namespace lipsound2::video {

/// What footage tells at a look: headers, packets, and the sound decoded; no picture is.
struct MediaLook {
  std::string container;  ///< FFmpeg's name of the container that holds the pictures
  std::string picture_codec;
  std::string sound_codec;    ///< empty without sound
  int width = 0, height = 0;  ///< as stored
  double fps = 0;
  double picture_start = 0;    ///< container time, in seconds
  double picture_seconds = 0;  ///< by headers and packets; 0: they do not say
  int sound_rate = 0;
  int sound_channels = 0;
  double sound_start = 0;  ///< container time; that of the pictures for a sound file of its own
  double sound_seconds = 0;
  float peak = 0;            ///< largest absolute sample of the mono sound, full scale 1
  float rms = 0;             ///< root mean square of all samples
  std::int64_t clipped = 0;  ///< stretches of three or more samples at full scale
};

/// Throws kData when the footage is no video or its sound is damaged; kIo when a file is not there.
MediaLook look_at(const Footage& footage);

}  // namespace lipsound2::video
