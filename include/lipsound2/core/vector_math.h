#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "lipsound2/core/vectorized.h"

namespace lipsound2 {

/// e^x for x clamped to [-87, 87], with a relative error below 2e-7: 2^n times a polynomial (the
/// coefficients of Cephes' expf, Moshier 1989). Without branches and calls, so that loops over it
/// vectorize.
[[gnu::always_inline]] inline float fast_exp(float x) {
  x = x < -87.0F ? -87.0F : x;
  x = x > 87.0F ? 87.0F : x;
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const float n = (x * 1.44269504088896341F + kRounder) - kRounder;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

[[gnu::always_inline]] inline float fast_sigmoid(float x) {
  return 1.0F / (1.0F + fast_exp(-x));
}

/// Absolute error below 2e-7.
[[gnu::always_inline]] inline float fast_tanh(float x) {
  return 1.0F - 2.0F / (1.0F + fast_exp(2.0F * x));
}

/// to[i] += scale * from[i].
[[gnu::always_inline]] inline void add_scaled(float scale,
                                              const float* from,
                                              float* __restrict to,
                                              std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    to[i] += scale * from[i];
}

}  // namespace lipsound2
