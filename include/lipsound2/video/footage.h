#pragma once

#include <filesystem>
#include <optional>

namespace lipsound2::video {

/// A stretch of a recording, [start, end) in seconds on its container's clock, whose first picture
/// need not be at zero.
struct Span {
  double start = 0;
  double end = 0;
};

/// Where the pictures and the sound of a clip lie.
struct Footage {
  std::filesystem::path video = {};
  std::filesystem::path sound =
      {};  ///< a file that begins with the clip; empty: the video's own track
  std::optional<Span> part = {};  ///< of a longer recording; nothing: the whole
};

}  // namespace lipsound2::video
