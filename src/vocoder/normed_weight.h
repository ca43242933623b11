#pragma once

#include <cmath>
#include <cstdint>

#include <ATen/Parallel.h>

#include "lipsound2/core/tensor.h"
#include "lipsound2/core/vectorized.h"

namespace lipsound2::vocoder {

/// A weight that is kept apart from its norms: w = g v / |v|, of each output (Salimans and Kingma
/// 2016).
struct NormedWeight {
  Tensor v;  ///< [outputs, inputs, taps]
  Tensor g;  ///< [outputs, 1, 1]

  /// w, of v's shape. Autograd follows.
  Tensor multiplied() const;
  NormedWeight narrow(std::int64_t first, std::int64_t outputs) const {
    return {v.narrow(0, first, outputs), g.narrow(0, first, outputs)};
  }
};

// What follows is for float32 on the CPU, dense, without autograd.

/// to [outputs, inputs * taps] = w.
void multiply(const NormedWeight& weight, const Tensor& to);
/// `gradient` holds that of w in gradient.v, which becomes that of v; gradient.g is written.
void multiply_backward(const NormedWeight& weight, const NormedWeight& gradient);

/// What w is to v in a row: g / |v|.
[[gnu::always_inline]] inline float row_scale(const float* v, float g, std::int64_t count) {
  return g / std::sqrt(dot(v, v, count));
}

/// The gradient d of a row of w becomes that of v; returns that of g.
[[gnu::always_inline]] inline float row_backward(const float* __restrict v,
                                                 float g,
                                                 float* __restrict d,
                                                 std::int64_t count) {
  const float squares = dot(v, v, count), along = dot<float>(d, v, count);
  const float norm = std::sqrt(squares), scale = g / norm, share = along / squares;
  for (std::int64_t i = 0; i < count; ++i)
    d[i] = scale * (d[i] - share * v[i]);
  return along / norm;
}

/// work(row) of all rows, shared out, as vectorized as the machine can.
template <class Work>
void for_each_row(std::int64_t rows, const Work& work) {
  at::parallel_for(0, rows, /*grain_size=*/16, [&](std::int64_t begin, std::int64_t end) {
    run_vectorized([&]() __attribute__((always_inline)) {
      for (std::int64_t row = begin; row < end; ++row)
        work(row);
    });
  });
}

}  // namespace lipsound2::vocoder
