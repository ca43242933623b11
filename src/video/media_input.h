#pragma once

#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/video/footage.h"

#include "ffmpeg.h"

namespace lipsound2::video {

/// Opens a container and learns its streams. Throws kIo when there is no such file or it cannot be
/// read, kData when no container is recognized in it.
InputPtr open_input(const MediaFile& file);

/// Opens a sound file. Throws as audio::SoundReader does.
audio::SoundReader open_sound(const MediaFile& file);

}  // namespace lipsound2::video
