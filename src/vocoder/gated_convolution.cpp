#include "gated_convolution.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "gate.h"
#include "quad_block.h"

namespace lipsound2::vocoder {
namespace {

constexpr double kTapFactors[kProducts][3] = {{1, 0, 0},
                                              {-1.0 / 3, -1.0 / 3, -1.0 / 3},
                                              {1.0 / 3, -1.0 / 3, 1.0 / 3},
                                              {1.0 / 15, 2.0 / 15, 4.0 / 15},
                                              {-16.0 / 15, 8.0 / 15, -4.0 / 15},
                                              {0, 0, 1}};

Tensor tap_factors(const Tensor& like) {  // G
  return at::tensor(at::ArrayRef<double>(&kTapFactors[0][0], kProducts * 3), like.options())
      .view({kProducts, 3});
}

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
  float* activations;
  float* gates;
};

template <int kOutput, bool kKeepGates>
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
  const float* __restrict low = conditions.at(at.clip, place.low);
  const float* __restrict high = conditions.at(at.clip, place.high);
  const float* __restrict m = block.products + i * 2 * channels;
  float* __restrict a = arrays.activations + row * channels;
  float* __restrict kept = arrays.gates + (kKeepGates ? row * 2 * channels : 0);
#pragma GCC ivdep  // no two of the rows that are written overlap
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::int64_t d = c + channels;
    const float u = output_of<kOutput>(m + c, next) + low[c] + place.weight * (high[c] - low[c]);
    const float v = output_of<kOutput>(m + d, next) + low[d] + place.weight * (high[d] - low[d]);
    if constexpr (kKeepGates) {
      kept[c] = fast_tanh(u);
      kept[d] = fast_sigmoid(v);
      a[c] = kept[c] * kept[d];
    } else {
      a[c] = gated(u, v);
    }
  }
}

template <bool kKeepGates>
[[gnu::always_inline]] inline void gate_quad(const QuadBlock& block,
                                             const GateArrays& arrays,
                                             std::int64_t i) {
  gate_output<0, kKeepGates>(block, arrays, i);
  gate_output<1, kKeepGates>(block, arrays, i);
  gate_output<2, kKeepGates>(block, arrays, i);
  gate_output<3, kKeepGates>(block, arrays, i);
}

void multiply_block(const QuadBlock& block, const Tensor& taps) {
  const std::int64_t channels = block.channels, count = block.count;
  const Tensor inputs = at::from_blob(block.inputs, {kProducts, count, channels}, at::kFloat);
  const Tensor products =
      at::from_blob(block.products, {kProducts, count, 2 * channels}, at::kFloat);
  for (std::int64_t m = 0; m < kProducts; ++m) {
    Tensor product = products[m];
    at::mm_out(product, inputs[m], taps[m].t());
  }
}

void convolve_block(const QuadBlock& block,
                    const float* h,
                    const Tensor& taps,
                    const GateArrays& arrays) {
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::int64_t i = 0; i < block.count; ++i)
      combine_inputs(block, h, i);
  });
  multiply_block(block, taps);
  run_vectorized([&]() __attribute__((always_inline)) {
    if (arrays.gates == nullptr)
      for (std::int64_t i = 0; i < block.count; ++i)
        gate_quad<false>(block, arrays, i);
    else
      for (std::int64_t i = 0; i < block.count; ++i)
        gate_quad<true>(block, arrays, i);
  });
}

}  // namespace

Tensor combined_taps(const Tensor& taps) {
  std::vector<std::int64_t> shape = taps.sizes().vec();
  shape.pop_back();
  shape.insert(shape.begin(), kProducts);
  return at::mm(tap_factors(taps), taps.reshape({-1, 3}).t()).view(shape);
}

Tensor combined_taps_backward(const Tensor& gradient) {
  std::vector<std::int64_t> shape = gradient.sizes().vec();
  shape.erase(shape.begin());
  shape.push_back(3);
  return at::mm(gradient.reshape({kProducts, -1}).t(), tap_factors(gradient)).view(shape);
}

GatedWorkspace::GatedWorkspace(std::int64_t channels)
    : memory_(at::empty({at::get_num_threads(), kProducts * kQuads * 3 * channels}, at::kFloat)) {}

float* GatedWorkspace::of_thread(int thread) const {
  return memory_.mutable_data_ptr<float>() + thread * memory_.size(1);
}

void gated_convolution(const GatedRows& rows,
                       const Tensor& taps,
                       std::int64_t dilation,
                       const GatedWorkspace& workspace) {
  const std::int64_t clips = rows.conditions.size(0), channels = rows.h.size(1);
  const Quads quads(clips, rows.h.size(0) / clips, dilation);
  const GateArrays arrays{
      .conditions = ConditionRows(rows.conditions, rows.h.size(0)),
      .activations = rows.activations.mutable_data_ptr<float>(),
      .gates = rows.gates.defined() ? rows.gates.mutable_data_ptr<float>() : nullptr};
  const Tensor zeros = at::zeros({channels}, at::kFloat);
  const float* const h = rows.h.const_data_ptr<float>();
  const std::int64_t threads = at::get_num_threads(), room = GatedWorkspace::kQuads * threads;
  const std::int64_t blocks = (quads.count() + room - 1) / room * threads;  // all threads alike
  at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard no_grad;  // which threads do not inherit
    float* const memory = workspace.of_thread(at::get_thread_num());
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = quads.count() * block / blocks;
      const std::int64_t count = quads.count() * (block + 1) / blocks - first;
      if (count > 0)
        convolve_block({.quads = quads,
                        .first = first,
                        .count = count,
                        .channels = channels,
                        .zeros = zeros.const_data_ptr<float>(),
                        .inputs = memory,
                        .products = memory + kProducts * count * channels},
                       h,
                       taps,
                       arrays);
    }
  });
}

}  // namespace lipsound2::vocoder
