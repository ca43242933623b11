#include "time_warping.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace lipsound2::eval {
namespace {

enum class WarpStep : std::uint8_t { kBoth, kReference, kDegraded };

/// The step by which each pair of frames is reached, row by row.
using WarpSteps = std::vector<std::vector<WarpStep>>;

WarpSteps best_steps(WarpedFrames frames,
                     const std::function<double(std::size_t, std::size_t)>& distance) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  WarpSteps steps(frames.reference, std::vector<WarpStep>(frames.degraded));
  std::vector<double> above(frames.degraded + 1, kNever);  // costs of row i - 1, from column -1 on
  above[0] = 0;
  for (std::size_t i = 0; i < frames.reference; ++i) {
    std::vector<double> costs(frames.degraded + 1, kNever);
    for (std::size_t j = 0; j < frames.degraded; ++j) {
      double best = above[j];
      if (above[j + 1] < best) {
        best = above[j + 1];
        steps[i][j] = WarpStep::kReference;
      }
      if (costs[j] < best) {
        best = costs[j];
        steps[i][j] = WarpStep::kDegraded;
      }
      costs[j + 1] = best + distance(i, j);
    }
    above = std::move(costs);
  }
  return steps;
}

}  // namespace

WarpingPath warp_time(WarpedFrames frames,
                      const std::function<double(std::size_t, std::size_t)>& distance) {
  const WarpSteps steps = best_steps(frames, distance);
  WarpedFrames at{frames.reference - 1, frames.degraded - 1};
  WarpingPath path{at};
  while (at.reference > 0 || at.degraded > 0) {
    const WarpStep step = steps[at.reference][at.degraded];
    at.reference -= step == WarpStep::kDegraded ? 0 : 1;
    at.degraded -= step == WarpStep::kReference ? 0 : 1;
    path.push_back(at);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace lipsound2::eval
