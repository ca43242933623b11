#include <algorithm>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "gate.h"
#include "gated_convolution.h"
#include "quad_block.h"

namespace lipsound2::vocoder {
namespace {

struct GateBackward {
  float* gates;
  float* activations;
  std::int64_t channels;

  /// Of channels [begin, end) of a row.
  [[gnu::always_inline]] void operator()(std::int64_t row,
                                         std::int64_t begin,
                                         std::int64_t end) const {
    float* __restrict u = gates + row * 2 * channels;
    float* __restrict v = u + channels;
    float* __restrict a = activations + row * channels;
#pragma GCC ivdep  // no two of the rows overlap
    for (std::int64_t c = begin; c < end; ++c) {
      const float t = u[c], s = v[c], d = a[c];
      u[c] = d * s * (1.0F - t * t);
      v[c] = d * t * s * (1.0F - s);
      a[c] = t * s;
    }
  }
};

/// to += weight * row, of channels [begin, end).
[[gnu::always_inline]] inline void add_gates(float weight,
                                             const float* row,
                                             float* to,
                                             std::int64_t channels,
                                             std::int64_t begin,
                                             std::int64_t end) {
  add_scaled(weight, row + begin, to + begin, end - begin);
  add_scaled(weight, row + channels + begin, to + channels + begin, end - begin);
}

/// Of channels [begin, end) of a clip; conditions get their shares.
[[gnu::always_inline]] inline void clip_gates_backward(const GateBackward& row_backward,
                                                       const ConditionRows& conditions,
                                                       std::int64_t clip,
                                                       std::int64_t begin,
                                                       std::int64_t end) {
  const std::int64_t steps = conditions.frames * conditions.per_frame;
  const std::int64_t channels = row_backward.channels;
  for (std::int64_t step = 0; step < steps; ++step) {
    const BetweenFrames place = between_frames(step, conditions.per_frame, conditions.frames);
    const std::int64_t row = clip * steps + step;
    row_backward(row, begin, end);
    const float* const gates = row_backward.gates + row * 2 * channels;
    add_gates(1.0F - place.weight, gates, conditions.at(clip, place.low), channels, begin, end);
    if (place.weight > 0)
      add_gates(place.weight, gates, conditions.at(clip, place.high), channels, begin, end);
  }
}

/// products = A y, of gradients y
[[gnu::always_inline]] inline void combine_gradients(const QuadBlock& block,
                                                     const float* gradients,
                                                     std::int64_t i) {
  const Quads::Place place = block.quads.place(block.first + i);
  const std::int64_t width = 2 * block.channels, next = block.count * width;
  const float* __restrict y0 = row_or_zeros(block, place, 0, gradients, width);
  const float* __restrict y1 = row_or_zeros(block, place, 1, gradients, width);
  const float* __restrict y2 = row_or_zeros(block, place, 2, gradients, width);
  const float* __restrict y3 = row_or_zeros(block, place, 3, gradients, width);
  float* __restrict to = block.products + i * width;
#pragma GCC ivdep  // no two of the rows that are written overlap
  for (std::int64_t c = 0; c < width; ++c) {
    const float even = y0[c] + y2[c], odd = y1[c] + y3[c];
    to[c] = y0[c];
    to[c + next] = even + odd;
    to[c + 2 * next] = even - odd;
    to[c + 3 * next] = y0[c] + 2.0F * y1[c] + 4.0F * y2[c] + 8.0F * y3[c];
    to[c + 4 * next] = y0[c] - 0.5F * y1[c] + 0.25F * y2[c] - 0.125F * y3[c];
    to[c + 5 * next] = y3[c];
  }
}

/// x of the four outputs' own rows += B v; the rows at either end are the neighbors' too.
[[gnu::always_inline]] inline void spread_gradients(const QuadBlock& block,
                                                    float* h,
                                                    std::int64_t stride,
                                                    std::int64_t i) {
  const Quads::Place place = block.quads.place(i);
  const std::int64_t channels = block.channels, next = block.count * channels;
  const auto input = [&](std::int64_t m, std::int64_t quad) __attribute__((always_inline)) {
    return quad < 0 ? block.zeros : block.inputs + m * next + quad * channels;
  };
  const float *v0 = input(0, i), *v1 = input(1, i), *v2 = input(2, i);
  const float *v3 = input(3, i), *v4 = input(4, i), *v5 = input(5, i);
  const float* const before = input(5, block.quads.neighbor(place, -1));
  const float* const after = input(0, block.quads.neighbor(place, 1));
  const auto add = [&](std::int64_t output, const auto& value) __attribute__((always_inline)) {
    const std::int64_t row = block.quads.row(place, output);
    if (row < 0)
      return;
    float* __restrict to = h + row * stride;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < channels; ++c)
      to[c] += value(c);
  };
  add(0, [&](std::int64_t c) __attribute__((always_inline)) {
    return 1.5F * v0[c] - v1[c] + v2[c] - 0.5F * v3[c] + 2.0F * v4[c] + v5[c] + before[c];
  });
  add(1, [&](std::int64_t c) __attribute__((always_inline)) {
    return 0.5F * v2[c] - 2.0F * v0[c] - 2.5F * v1[c] - v3[c] - v4[c] + 1.5F * v5[c];
  });
  add(2, [&](std::int64_t c) __attribute__((always_inline)) {
    return 0.5F * (v3[c] - v1[c]) - 1.5F * v0[c] - 2.5F * v2[c] - 2.0F * (v4[c] + v5[c]);
  });
  add(3, [&](std::int64_t c) __attribute__((always_inline)) {
    return v0[c] + v1[c] + v2[c] + v3[c] + v4[c] - 1.5F * v5[c] + after[c];
  });
}

}  // namespace

void gates_backward(const GateGradients& gradients, std::int64_t clips) {
  const std::int64_t rows = gradients.gates.size(0), channels = gradients.activations.size(1);
  const GateBackward row_backward{.gates = gradients.gates.mutable_data_ptr<float>(),
                                  .activations = gradients.activations.mutable_data_ptr<float>(),
                                  .channels = channels};
  if (!gradients.conditions.defined()) {
    for_each_row(rows, [&](std::int64_t row) __attribute__((always_inline)) {
      row_backward(row, 0, channels);
    });
    return;
  }
  const ConditionRows conditions(gradients.conditions, clips, rows / clips);
  // Channels are shared out, too, where there are fewer clips than threads.
  constexpr std::int64_t kLanes = 16;
  const std::int64_t groups = (channels + kLanes - 1) / kLanes, threads = at::get_num_threads();
  const std::int64_t parts = clips >= threads ? 1 : std::min(groups, threads);
  at::parallel_for(0, clips * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    run_vectorized([&]() __attribute__((always_inline)) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t part = i % parts;
        clip_gates_backward(row_backward,
                            conditions,
                            i / parts,
                            groups * part / parts * kLanes,
                            std::min(channels, groups * (part + 1) / parts * kLanes));
      }
    });
  });
}

void convolution_backward(const ConvolutionGradients& gradients,
                          const Tensor& h,
                          const Tensor& taps,
                          std::int64_t steps,
                          std::int64_t dilation) {
  const std::int64_t channels = h.size(1);
  const Quads quads(h.size(0) / steps, steps, dilation);
  const std::int64_t count = quads.count();
  const Tensor zeros = at::zeros({2 * channels}, h.options());
  const Tensor inputs = at::empty({kProducts, count, channels}, h.options());
  const Tensor products = at::empty({kProducts, count, 2 * channels}, h.options());
  const QuadBlock all{.quads = quads,
                      .first = 0,
                      .count = count,
                      .channels = channels,
                      .zeros = zeros.const_data_ptr<float>(),
                      .inputs = inputs.mutable_data_ptr<float>(),
                      .products = products.mutable_data_ptr<float>()};
  const float* const from = h.const_data_ptr<float>();
  const float* const d_sums = gradients.sums.const_data_ptr<float>();
  for_each_row(count, [&](std::int64_t i) __attribute__((always_inline)) {
    combine_inputs(all, from, i);
    combine_gradients(all, d_sums, i);
  });
  Tensor d_taps = gradients.taps, d_inputs = inputs;  // in the same memory
  at::bmm_out(d_taps, products.transpose(1, 2), inputs);
  at::bmm_out(d_inputs, products, taps);
  float* const d_h = gradients.h.mutable_data_ptr<float>();
  const std::int64_t stride = gradients.h.stride(0);
  for_each_row(count, [&](std::int64_t i) __attribute__((always_inline)) {
    spread_gradients(all, d_h, stride, i);
  });
}

}  // namespace lipsound2::vocoder
