#include "gated_convolution.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "gate.h"
#include "quad_block.h"

namespace lipsound2::vocoder {
namespace {

/// y = A^T m, of one channel.
template <int kOutput>
[[gnu::always_inline]] inline float output_of(const float* m, std::int64_t next) {
  const float m1 = m[next], m2 = m[2 * next], m3 = m[3 * next], m4 = m[4 * next];
  if constexpr (kOutput == 0)
    return m[0] + (m1 + m2) + (m3 + m4);
  else if constexpr (kOutput == 1)
    return (m1 - m2) + (2.0F * m3 - 0.5F * m4);
  else if constexpr (kOutput == 2)
    return (m1 + m2) + (4.0F * m3 + 0.25F * m4);
  else
    return (m1 - m2) + (8.0F * m3 - 0.125F * m4) + m[5 * next];
}

/// Where gates come from and go to.
struct GateArrays {
  ConditionRows conditions;
  const float* biases;
  float* activations;
  float* gates;
};

template <int kOutput, bool kInterpolated, bool kKeepGates>
[[gnu::always_inline]] inline void gate_output(const QuadBlock& block,
                                               const GateArrays& arrays,
                                               std::int64_t i) {
  const Quads::Place at = block.quads.place(block.first + i);
  const std::int64_t step = block.quads.step(at, kOutput), row = block.quads.row(at, kOutput);
  if (step < 0)
    return;
  const std::int64_t channels = block.channels, next = block.count * 2 * channels;
  const ConditionRows& conditions = arrays.conditions;
  const BetweenFrames place = between_frames(step, conditions.per_frame, conditions.frames);
  const float* const low = conditions.at(at.clip, place.low);
  const float* const high = conditions.at(at.clip, place.high);
  const float* const biases = arrays.biases;
  const float* __restrict m = block.products + i * 2 * channels;
  float* __restrict a = arrays.activations + row * channels;
  float* const kept = arrays.gates + (kKeepGates ? row * 2 * channels : 0);
  const auto sum = [&](std::int64_t c) __attribute__((always_inline)) {
    const float own = output_of<kOutput>(m + c, next) + biases[c] + low[c];
    return kInterpolated ? own + place.weight * (high[c] - low[c]) : own;
  };
#pragma GCC ivdep  // kept may be low: both are this row
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int64_t d = c + channels;
    const float u = sum(c), v = sum(d);
    if constexpr (kKeepGates) {
      kept[c] = fast_tanh(u);
      kept[d] = fast_sigmoid(v);
      a[c] = kept[c] * kept[d];
    } else {
      a[c] = gated(u, v);
    }
  }
}

template <bool kInterpolated, bool kKeepGates>
[[gnu::always_inline]] inline void gate_quad(const QuadBlock& block,
                                             const GateArrays& arrays,
                                             std::int64_t i) {
  gate_output<0, kInterpolated, kKeepGates>(block, arrays, i);
  gate_output<1, kInterpolated, kKeepGates>(block, arrays, i);
  gate_output<2, kInterpolated, kKeepGates>(block, arrays, i);
  gate_output<3, kInterpolated, kKeepGates>(block, arrays, i);
}

void multiply_block(const QuadBlock& block, const Tensor& taps) {
  const std::int64_t channels = block.channels, count = block.count;
  const Tensor inputs = at::from_blob(block.inputs, {kProducts, count, channels}, at::kFloat);
  Tensor products = at::from_blob(block.products, {kProducts, count, 2 * channels}, at::kFloat);
  at::bmm_out(products, inputs, taps.transpose(1, 2));
}

void gate_block(const QuadBlock& block, const GateArrays& arrays) {
  const bool interpolated = arrays.conditions.per_frame > 1, keep = arrays.gates != nullptr;
  for_each_row(block.count, [&](std::int64_t i) __attribute__((always_inline)) {
    if (interpolated)
      keep ? gate_quad<true, true>(block, arrays, i) : gate_quad<true, false>(block, arrays, i);
    else
      keep ? gate_quad<false, true>(block, arrays, i) : gate_quad<false, false>(block, arrays, i);
  });
}

}  // namespace

void combine_taps(const NormedWeight& taps, const Tensor& combined) {
  const std::int64_t rows = combined.size(1), inputs = combined.size(2), next = rows * inputs;
  const float* const v = taps.v.const_data_ptr<float>();
  const float* const g = taps.g.const_data_ptr<float>();
  float* const to = combined.mutable_data_ptr<float>();
  for_each_row(rows, [&](std::int64_t row) __attribute__((always_inline)) {
    const float* __restrict w = v + row * 3 * inputs;
    float* __restrict own = to + row * inputs;
    const float scale = row_scale(w, g[row], 3 * inputs);
    const float third = scale / 3, fifteenth = scale / 15;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < inputs; ++c) {
      const float w0 = w[3 * c], w1 = w[3 * c + 1], w2 = w[3 * c + 2];
      own[c] = scale * w0;
      own[c + next] = -third * (w0 + w1 + w2);
      own[c + 2 * next] = third * (w0 - w1 + w2);
      own[c + 3 * next] = fifteenth * (w0 + 2.0F * w1 + 4.0F * w2);
      own[c + 4 * next] = fifteenth * (8.0F * w1 - 16.0F * w0 - 4.0F * w2);
      own[c + 5 * next] = scale * w2;
    }
  });
}

void combine_taps_backward(const Tensor& combined,
                           const NormedWeight& taps,
                           const NormedWeight& gradient) {
  const std::int64_t rows = combined.size(1), inputs = combined.size(2), next = rows * inputs;
  const float* const from = combined.const_data_ptr<float>();
  const float* const v = taps.v.const_data_ptr<float>();
  const float* const g = taps.g.const_data_ptr<float>();
  float* const d_v = gradient.v.mutable_data_ptr<float>();
  float* const d_g = gradient.g.mutable_data_ptr<float>();
  for_each_row(rows, [&](std::int64_t row) __attribute__((always_inline)) {
    const float* __restrict d = from + row * inputs;
    float* __restrict d_w = d_v + row * 3 * inputs;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < inputs; ++c) {
      const float d1 = d[c + next] / 3, d2 = d[c + 2 * next] / 3;
      const float d3 = d[c + 3 * next] / 15, d4 = d[c + 4 * next] * (4.0F / 15);
      d_w[3 * c] = d[c] - d1 + d2 + d3 - 4.0F * d4;
      d_w[3 * c + 1] = 2.0F * (d3 + d4) - d1 - d2;
      d_w[3 * c + 2] = d2 - d1 + 4.0F * d3 - d4 + d[c + 5 * next];
    }
    d_g[row] = row_backward(v + row * 3 * inputs, g[row], d_w, 3 * inputs);
  });
}

GatedWorkspace::GatedWorkspace(std::int64_t channels)
    : memory_(at::empty({at::get_num_threads() * kQuadsPerThread, kProducts * 3 * channels},
                        at::kFloat)) {}

void gated_convolution(const GatedRows& rows,
                       const Tensor& taps,
                       std::int64_t clips,
                       std::int64_t dilation,
                       const GatedWorkspace& workspace) {
  const std::int64_t channels = rows.h.size(1), steps = rows.h.size(0) / clips;
  const Quads quads(clips, steps, dilation);
  const GateArrays arrays{
      .conditions = ConditionRows(rows.conditions, clips, steps),
      .biases = rows.biases.const_data_ptr<float>(),
      .activations = rows.activations.mutable_data_ptr<float>(),
      .gates = rows.gates.defined() ? rows.gates.mutable_data_ptr<float>() : nullptr};
  const Tensor zeros = at::zeros({channels}, at::kFloat);
  const float* const h = rows.h.const_data_ptr<float>();
  const std::int64_t blocks = (quads.count() + workspace.quads() - 1) / workspace.quads();
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t first = quads.count() * i / blocks;
    const std::int64_t count = quads.count() * (i + 1) / blocks - first;
    const QuadBlock block{.quads = quads,
                          .first = first,
                          .count = count,
                          .channels = channels,
                          .zeros = zeros.const_data_ptr<float>(),
                          .inputs = workspace.data(),
                          .products = workspace.data() + kProducts * count * channels};
    for_each_row(count, [&](std::int64_t quad) __attribute__((always_inline)) {
      combine_inputs(block, h, quad);
    });
    multiply_block(block, taps);
    gate_block(block, arrays);
  }
}

}  // namespace lipsound2::vocoder
