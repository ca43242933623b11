#pragma once

#include "lipsound2/video/footage.h"

#include "ffmpeg.h"

namespace lipsound2::video {

/// Opens a container and learns its streams. Throws kIo when there is no such file or it cannot be
/// read, kData when no container is recognized in it.
InputPtr open_input(const MediaFile& file);

}  // namespace lipsound2::video
