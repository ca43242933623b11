#include "gated_convolution.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "gate.h"

namespace lipsound2::vocoder {
namespace {

constexpr std::int64_t kProducts = 6;

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

/// Conditions of rows.
struct ConditionRows {
  float* data;
  std::int64_t clip_stride;
  std::int64_t frame_stride;
  std::int64_t frames;
  std::int64_t per_frame;

  ConditionRows(const Tensor& conditions, std::int64_t rows)
      : data(conditions.mutable_data_ptr<float>()),
        clip_stride(conditions.stride(0)),
        frame_stride(conditions.stride(1)),
        frames(conditions.size(1)),
        per_frame(rows / (conditions.size(0) * frames)) {}
  float* at(std::int64_t clip, std::int64_t frame) const {
    return data + clip * clip_stride + frame * frame_stride;
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

struct GateBackward {
  const ConditionRows& conditions;
  float* gates;
  float* activations;
  std::int64_t channels;
  std::int64_t steps;
};

// Channels [begin, end) of a clip.
[[gnu::always_inline]] inline void clip_gates_backward(const GateBackward& arrays,
                                                       std::int64_t clip,
                                                       std::int64_t begin,
                                                       std::int64_t end) {
  for (std::int64_t step = 0; step < arrays.steps; ++step) {
    const ConditionRows& conditions = arrays.conditions;
    const BetweenFrames place = between_frames(step, conditions.per_frame, conditions.frames);
    const std::int64_t row = clip * arrays.steps + step, channels = arrays.channels;
    float* low = conditions.at(clip, place.low);
    float* high = conditions.at(clip, place.high);
    float* __restrict u = arrays.gates + row * 2 * channels;
    float* __restrict v = u + channels;
    float* __restrict a = arrays.activations + row * channels;
    const float rest = 1.0F - place.weight;
#pragma GCC ivdep  // no two of the rows overlap
    for (std::int64_t c = begin; c < end; ++c) {
      const float t = u[c], s = v[c], d = a[c];
      u[c] = d * s * (1.0F - t * t);
      v[c] = d * t * s * (1.0F - s);
      a[c] = t * s;
      low[c] += rest * u[c];
      low[c + channels] += rest * v[c];
    }
    if (place.weight > 0)
#pragma GCC ivdep
      for (std::int64_t c = begin; c < end; ++c) {
        high[c] += place.weight * u[c];
        high[c + channels] += place.weight * v[c];
      }
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
  const std::int64_t tile = block.quads.dilation() * channels;
  const float* const v0 = block.inputs + i * channels;
  const float *v1 = v0 + next, *v2 = v1 + next, *v3 = v2 + next, *v4 = v3 + next, *v5 = v4 + next;
  const float* const before = block.quads.has_neighbor(i, -1) ? v5 - tile : block.zeros;
  const float* const after = block.quads.has_neighbor(i, 1) ? v0 + tile : block.zeros;
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

template <class Work>
void for_each_quad(std::int64_t count, const Work& work) {
  at::parallel_for(0, count, /*grain_size=*/16, [&](std::int64_t begin, std::int64_t end) {
    run_vectorized([&]() __attribute__((always_inline)) {
      for (std::int64_t i = begin; i < end; ++i)
        work(i);
    });
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

// Channels are shared out, too, where there are fewer clips than threads.
void gates_backward(const GateGradients& gradients) {
  constexpr std::int64_t kLanes = 16;
  const std::int64_t clips = gradients.conditions.size(0), channels = gradients.activations.size(1);
  const ConditionRows conditions(gradients.conditions, gradients.gates.size(0));
  const GateBackward arrays{.conditions = conditions,
                            .gates = gradients.gates.mutable_data_ptr<float>(),
                            .activations = gradients.activations.mutable_data_ptr<float>(),
                            .channels = channels,
                            .steps = gradients.gates.size(0) / clips};
  const std::int64_t groups = (channels + kLanes - 1) / kLanes, threads = at::get_num_threads();
  const std::int64_t parts = clips >= threads ? 1 : std::min(groups, threads);
  at::parallel_for(0, clips * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    run_vectorized([&]() __attribute__((always_inline)) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t part = i % parts;
        clip_gates_backward(arrays,
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
  for_each_quad(count, [&](std::int64_t i) __attribute__((always_inline)) {
    combine_inputs(all, from, i);
    combine_gradients(all, d_sums, i);
  });
  for (std::int64_t m = 0; m < kProducts; ++m) {
    Tensor d_taps = gradients.taps[m], input = inputs[m];
    at::mm_out(d_taps, products[m].t(), input);
    at::mm_out(input, products[m], taps[m]);  // from here on its gradient
  }
  float* const d_h = gradients.h.mutable_data_ptr<float>();
  const std::int64_t stride = gradients.h.stride(0);
  for_each_quad(count, [&](std::int64_t i) __attribute__((always_inline)) {
    spread_gradients(all, d_h, stride, i);
  });
}

}  // namespace lipsound2::vocoder
