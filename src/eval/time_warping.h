#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace lipsound2::eval {

/// A frame of the reference and the frame of the other sound that it is compared with.
struct WarpedFrames {
  std::size_t reference = 0;
  std::size_t degraded = 0;
};

using WarpingPath = std::vector<WarpedFrames>;

/// The path from frames (0, 0) to the last frames with the least sum of `distance(i, j)` over its
/// pairs (Sakoe and Chiba 1978, without slope limits and weights). `frames` are the two numbers of
/// frames, both positive. Of equal steps into a pair the one from (i - 1, j - 1) is taken, then the
/// one from (i - 1, j). Time grows with the product of the numbers, memory too, at a byte each.
WarpingPath warp_time(WarpedFrames frames,
                      const std::function<double(std::size_t, std::size_t)>& distance);

}  // namespace lipsound2::eval
