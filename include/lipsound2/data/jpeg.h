#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::data {

/// 8-bit picture, rows from the top, channels interleaved: 1 (gray) or 3 (RGB).
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// How well prepared faces are kept: artifacts far below what a resized gray picture shows.
inline constexpr int kFaceQuality = 92;

std::string encode_jpeg(const Picture& picture, int quality);
/// Decoded straight to gray or RGB. Throws kData with `name` for bytes that are no whole JPEG
/// picture.
Picture decode_jpeg(std::string_view bytes, int channels, const std::string& name);

}  // namespace lipsound2::data
