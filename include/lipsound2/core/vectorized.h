#pragma once

#include <cstdint>

namespace lipsound2 {

/// Sum over i of a[i] * b[i], for float or double. It is kept in parts, so that compilers may use
/// vector registers of any width.
template <class Real>
[[gnu::always_inline]] inline Real dot(const Real* a, const Real* b, std::int64_t count) {
  constexpr std::int64_t kLanes = 64 / sizeof(Real);
  Real lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += a[i + lane] * b[i + lane];
  Real sum = 0;
  for (const Real lane : lanes)
    sum += lane;
  for (; i < count; ++i)
    sum += a[i] * b[i];
  return sum;
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

}  // namespace lipsound2
