#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace lipsound2::lip2mel {

/// Sums are kept in this many parts, so that compilers may use vector registers of any width.
inline constexpr std::int64_t kLanes = 16;

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

/// Sum over i of a[i] * b[i].
[[gnu::always_inline]] inline float dot(const float* a, const float* b, std::int64_t count) {
  float lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += a[i + lane] * b[i + lane];
  float sum = 0.0F;
  for (const float lane : lanes)
    sum += lane;
  for (; i < count; ++i)
    sum += a[i] * b[i];
  return sum;
}

/// to[i] += scale * from[i].
[[gnu::always_inline]] inline void add_scaled(float scale,
                                              const float* from,
                                              float* __restrict to,
                                              std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    to[i] += scale * from[i];
}

#if defined(__x86_64__) && defined(__GNUC__)
template <class Body>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")]] void
run_with_avx512(const Body& body) {
  body();
}

template <class Body>
[[gnu::target("avx2,fma")]] void run_with_avx2(const Body& body) {
  body();
}

/// Runs `body`, a lambda marked always_inline, compiled for the widest vectors of this machine.
template <class Body>
void run_vectorized(const Body& body) {
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    run_with_avx512(body);
  else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    run_with_avx2(body);
  else
    body();
}
#else
template <class Body>
void run_vectorized(const Body& body) {
  body();
}
#endif

}  // namespace lipsound2::lip2mel
