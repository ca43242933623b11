#pragma once

#include <string>
#include <vector>

namespace lipsound2::video {

struct LibraryFact {
  std::string name;
  std::string value;
};

/// Versions of OpenCV and FFmpeg, and which of the codecs that lipsound2 relies on are there; one
/// line each.
std::vector<LibraryFact> describe_libraries();

}  // namespace lipsound2::video
