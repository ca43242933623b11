#pragma once

#include "gated_convolution.h"

namespace lipsound2::vocoder {

constexpr std::int64_t kProducts = 6;

/// Conditions of rows.
struct ConditionRows {
  float* data;
  std::int64_t width;
  std::int64_t frames;  ///< of a clip
  std::int64_t per_frame;

  ConditionRows(const Tensor& conditions, std::int64_t clips, std::int64_t steps)
      : data(conditions.mutable_data_ptr<float>()),
        width(conditions.size(1)),
        frames(conditions.size(0) / clips),
        per_frame(steps / frames) {}
  float* at(std::int64_t clip, std::int64_t frame) const {
    return data + (clip * frames + frame) * width;
  }
};

/// A block of quads and the arrays that they are made of.
struct QuadBlock {
  const Quads& quads;
  std::int64_t first;
  std::int64_t count;
  std::int64_t channels;
  const float* zeros;  ///< [2 C]
  float* inputs;       ///< [6, count, C]
  float* products;     ///< [6, count, 2 C]
};

/// Row `output` of a quad, or zeros.
[[gnu::always_inline]] inline const float* row_or_zeros(const QuadBlock& block,
                                                        const Quads::Place& place,
                                                        std::int64_t output,
                                                        const float* rows,
                                                        std::int64_t width) {
  const std::int64_t row = block.quads.row(place, output);
  return row < 0 ? block.zeros : rows + row * width;
}

/// inputs = B^T x
[[gnu::always_inline]] inline void combine_inputs(const QuadBlock& block,
                                                  const float* h,
                                                  std::int64_t i) {
  const Quads::Place place = block.quads.place(block.first + i);
  const std::int64_t channels = block.channels, next = block.count * channels;
  const float* x[kProducts];
  for (std::int64_t k = 0; k < kProducts; ++k)
    x[k] = row_or_zeros(block, place, k - 1, h, channels);
  const float* __restrict x0 = x[0], * __restrict x1 = x[1], * __restrict x2 = x[2];
  const float* __restrict x3 = x[3], * __restrict x4 = x[4], * __restrict x5 = x[5];
  float* __restrict to = block.inputs + i * channels;
#pragma GCC ivdep  // no two of the rows that are written overlap
  for (std::int64_t c = 0; c < channels; ++c) {
    const float b = x1[c], d = x2[c], e = x3[c], f = x4[c];
    to[c] = x0[c] + 1.5F * (b - e) - 2.0F * d + f;
    to[c + next] = f - b - 2.5F * d - 0.5F * e;
    to[c + 2 * next] = b + 0.5F * d - 2.5F * e + f;
    to[c + 3 * next] = 0.5F * (e - b) - d + f;
    to[c + 4 * next] = 2.0F * (b - e) - d + f;
    to[c + 5 * next] = b + 1.5F * (d - f) - 2.0F * e + x5[c];
  }
}

}  // namespace lipsound2::vocoder
