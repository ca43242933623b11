#pragma once

#include <array>
#include <cstdint>

namespace lipsound2::data {

/// What happens to the pictures of a clip on their way into a batch; the same for all of them, but
/// for the blanked ones. Places are in pixels of the result.
struct FaceChange {
  std::int64_t left = 0;  ///< where the cut begins in the picture
  std::int64_t top = 0;
  bool mirrored = false;
  double shift = 0;     ///< added to every pixel, as a share of 255
  double contrast = 1;  ///< factor on the distance from the mean
  std::int64_t blank_first = 0;
  std::int64_t blank_count = 0;  ///< pictures that hold nothing but the mean
  std::int64_t erase_left = 0;   ///< a rectangle that holds nothing but the mean
  std::int64_t erase_top = 0;
  std::int64_t erase_width = 0;
  std::int64_t erase_height = 0;
  std::array<double, 3> mean{};  ///< of the clip's pictures before the cut, by channel
};

}  // namespace lipsound2::data
