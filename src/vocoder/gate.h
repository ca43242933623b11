#pragma once

#include <algorithm>
#include <cstdint>

#include "lipsound2/core/vector_math.h"

namespace lipsound2::vocoder {

/// Where a group lies between two frames whose values are interpolated.
struct BetweenFrames {
  std::int64_t low;
  std::int64_t high;
  float weight;  ///< of `high`
};

/// Of group `step`, of which `per_frame` share a frame; as torch.nn.functional.interpolate places
/// them without aligned corners.
[[gnu::always_inline]] inline BetweenFrames between_frames(std::int64_t step,
                                                           std::int64_t per_frame,
                                                           std::int64_t frames) {
  if (per_frame == 1)
    return {step, step, 0.0F};
  const std::int64_t twice = 2 * step + 1 - per_frame;  // position in half groups
  if (twice < 0)
    return {0, 0, 0.0F};
  const std::int64_t low = twice / (2 * per_frame);
  const float weight =
      static_cast<float>(twice % (2 * per_frame)) / static_cast<float>(2 * per_frame);
  return {low, std::min(low + 1, frames - 1), weight};
}

/// tanh(u) * sigmoid(v) by one division: with e = exp(2 u) and f = exp(-v) it is
/// (e - 1) / ((e + 1) (1 + f)). |u| is clamped to where tanh is 1 in float.
[[gnu::always_inline]] inline float gated(float u, float v) {
  u = u < -10.0F ? -10.0F : u;
  u = u > 10.0F ? 10.0F : u;
  v = v < -40.0F ? -40.0F : v;
  const float e = fast_exp(2.0F * u);
  const float f = fast_exp(-v);
  return (e - 1.0F) / ((e + 1.0F) * (1.0F + f));
}

}  // namespace lipsound2::vocoder
