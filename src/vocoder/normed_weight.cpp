#include "normed_weight.h"

#include <ATen/Functions.h>

namespace lipsound2::vocoder {

Tensor NormedWeight::multiplied() const {
  return at::_weight_norm(v, g, 0);
}

void multiply(const NormedWeight& weight, const Tensor& to) {
  const std::int64_t count = to.size(1);
  const float* const v = weight.v.const_data_ptr<float>();
  const float* const g = weight.g.const_data_ptr<float>();
  float* const w = to.mutable_data_ptr<float>();
  for_each_row(to.size(0), [&](std::int64_t row) __attribute__((always_inline)) {
    const float* __restrict from = v + row * count;
    float* __restrict own = w + row * count;
    const float scale = row_scale(from, g[row], count);
    for (std::int64_t i = 0; i < count; ++i)
      own[i] = scale * from[i];
  });
}

void multiply_backward(const NormedWeight& weight, const NormedWeight& gradient) {
  const std::int64_t rows = weight.v.size(0), count = weight.v.size(1) * weight.v.size(2);
  const float* const v = weight.v.const_data_ptr<float>();
  const float* const g = weight.g.const_data_ptr<float>();
  float* const d_v = gradient.v.mutable_data_ptr<float>();
  float* const d_g = gradient.g.mutable_data_ptr<float>();
  for_each_row(rows, [&](std::int64_t row) __attribute__((always_inline)) {
    d_g[row] = row_backward(v + row * count, g[row], d_v + row * count, count);
  });
}

}  // namespace lipsound2::vocoder
