#pragma once

#include <string>

namespace lipsound2::video {

/// Versions of OpenCV and FFmpeg, and which of the codecs that lipsound2 relies on are there; one
/// line each.
std::string describe_libraries();

}  // namespace lipsound2::video
