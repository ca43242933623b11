#pragma once

#include <cstdint>
#include <vector>

namespace lipsound2::video {

/// 8-bit picture, rows from the top, channels interleaved: 1 (gray) or 3 (RGB).
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// In pixels, top left corner and size; `score` is the detector's confidence.
struct Box {
  float x = 0, y = 0, width = 0, height = 0, score = 0;
};

}  // namespace lipsound2::video
