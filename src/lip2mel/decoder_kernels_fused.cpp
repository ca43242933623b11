#include <algorithm>
#include <utility>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "lipsound2/core/vector_math.h"

#include "decoder_kernels.h"
#include "lstm_row.h"

namespace lipsound2::lip2mel {
namespace {

/// Row `row` of a float tensor whose rows are contiguous; null if it is undefined.
float* row_of(const Tensor& tensor, std::int64_t row) {
  return tensor.defined() ? tensor.data_ptr<float>() + row * tensor.stride(0) : nullptr;
}

/// weights[i] = softmax of the first `length` energies, in place; zero from there to `count`.
[[gnu::always_inline]] inline void softmax_row(float* __restrict weights,
                                               std::int64_t length,
                                               std::int64_t count) {
  float highest = weights[0];
  for (std::int64_t t = 1; t < length; ++t)
    highest = weights[t] > highest ? weights[t] : highest;
  for (std::int64_t t = 0; t < length; ++t)
    weights[t] = fast_exp(weights[t] - highest);
  float sum = 0.0F;
  for (std::int64_t t = 0; t < length; ++t)
    sum += weights[t];
  for (std::int64_t t = 0; t < length; ++t)
    weights[t] /= sum;
  std::fill(weights + length, weights + count, 0.0F);
}

/// Attention per clip; the products with the location taps and the energies' width are done for
/// the whole batch as matrix products over unfolded windows of the past weights.
class FusedDecoderKernels final : public DecoderKernels {
 public:
  explicit FusedDecoderKernels(AttentionConstants given)
      : DecoderKernels(std::move(given)),
        clips_(constants().keys.size(0)),
        positions_(constants().keys.size(1)),
        dim_(constants().keys.size(2)),
        width_(constants().memory.size(2)),
        taps_(constants().location.size(0) / 2),
        windows_(at::empty({clips_ * positions_, 2 * taps_}, constants().keys.options())) {}

  void lstm(const LstmStep& step) override {
    at::parallel_for(0, step.h.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
      run_vectorized([&]() __attribute__((always_inline)) {
        for (std::int64_t b = begin; b < end; ++b)
          lstm_row({row_of(step.gates, b),
                    row_of(step.cell_in, b),
                    row_of(step.cell_out, b),
                    row_of(step.mask, b),
                    row_of(step.h, b),
                    step.h.size(1)});
      });
    });
  }

  void lstm_backward(const LstmStepGradient& gradient) override {
    const auto& step = gradient.step;
    if (step.mask.defined())
      gradient.d_h.mul_(step.mask);
    at::parallel_for(0, gradient.d_h.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
      run_vectorized([&]() __attribute__((always_inline)) {
        for (std::int64_t b = begin; b < end; ++b)
          lstm_gradient_row({row_of(step.gates, b),
                             row_of(step.cell_in, b),
                             row_of(step.cell_out, b),
                             row_of(gradient.d_h, b),
                             row_of(gradient.d_cell, b),
                             row_of(gradient.d_gates, b),
                             gradient.d_h.size(1)});
      });
    });
  }

  void attend(const AttentionStep& step) override {
    unfold(step);
    auto sums = step.activation.view({clips_ * positions_, dim_});
    at::addmm_out(sums, constants().keys.view_as(sums), windows_, constants().location);
    at::parallel_for(0, clips_, 1, [&](std::int64_t begin, std::int64_t end) {
      run_vectorized([&]() __attribute__((always_inline)) {
        for (std::int64_t b = begin; b < end; ++b)
          attend_clip(step, b);
      });
    });
  }

  void attend_backward(const AttentionStepGradient& gradient) override {
    allocate_sums();
    at::parallel_for(0, clips_, 1, [&](std::int64_t begin, std::int64_t end) {
      run_vectorized([&]() __attribute__((always_inline)) {
        for (std::int64_t b = begin; b < end; ++b)
          attend_clip_backward(gradient, b);
      });
    });
    unfold(gradient.step);
    const auto d_sums = d_sums_.view({clips_ * positions_, dim_});
    d_location_.addmm_(windows_.t(), d_sums);
    at::mm_out(windows_, d_sums, constants().location.t());
    fold(gradient);
  }

  AttentionSums sums() const override { return {d_keys_, d_location_, d_v_.sum(0)}; }

 private:
  std::int64_t clips_;
  std::int64_t positions_;
  std::int64_t dim_;
  std::int64_t width_;
  std::int64_t taps_;
  Tensor windows_;     // [B T, 2K]
  Tensor d_sums_;      // [B, T, A] gradient before tanh, of one step
  Tensor d_keys_;      // [B, T, A]
  Tensor d_location_;  // [2K, A]
  Tensor d_v_;         // [B, A]

  std::int64_t length_of(std::int64_t clip) const {
    return constants().lengths.data_ptr<std::int64_t>()[clip];
  }

  void allocate_sums() {
    if (d_keys_.defined())
      return;
    d_sums_ = at::zeros_like(constants().keys);
    d_keys_ = at::zeros_like(constants().keys);
    d_location_ = at::zeros_like(constants().location);
    d_v_ = at::zeros({clips_, dim_}, constants().keys.options());
  }

  /// windows_[b T + t] = weights_in[b, t - K/2 ... t + K/2], then the same of cumulative_in; zero
  /// beyond the ends.
  void unfold(const AttentionStep& step) {
    at::parallel_for(0, clips_, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) {
        float* windows = windows_.data_ptr<float>() + b * clip_stride();
        unfold_row(row_of(step.weights_in, b), windows);
        unfold_row(row_of(step.cumulative_in, b), windows + taps_);
      }
    });
  }

  std::int64_t clip_stride() const { return positions_ * 2 * taps_; }

  void unfold_row(const float* past, float* windows) const {
    for (std::int64_t t = 0; t < positions_; ++t, windows += 2 * taps_) {
      const auto first = t - taps_ / 2;
      const auto begin = std::max<std::int64_t>(0, -first);
      const auto end = std::min(taps_, positions_ - first);
      std::fill(windows, windows + begin, 0.0F);
      std::copy(past + first + begin, past + first + end, windows + begin);
      std::fill(windows + end, windows + taps_, 0.0F);
    }
  }

  /// The transpose of unfold().
  void fold(const AttentionStepGradient& gradient) const {
    at::parallel_for(0, clips_, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) {
        const float* windows = windows_.data_ptr<float>() + b * clip_stride();
        float* d_weights = row_of(gradient.d_weights_in, b);
        std::fill(d_weights, d_weights + positions_, 0.0F);
        fold_row(windows, d_weights);
        fold_row(windows + taps_, row_of(gradient.d_cumulative, b));
      }
    });
  }

  void fold_row(const float* windows, float* past) const {
    for (std::int64_t t = 0; t < positions_; ++t, windows += 2 * taps_) {
      const auto first = t - taps_ / 2;
      const auto begin = std::max<std::int64_t>(0, -first);
      const auto end = std::min(taps_, positions_ - first);
      add_scaled(1.0F, windows + begin, past + first + begin, end - begin);
    }
  }

  [[gnu::always_inline]] void attend_clip(const AttentionStep& step, std::int64_t b) const {
    const auto length = length_of(b);
    const float* query = row_of(step.query, b);
    const float* v = constants().v.data_ptr<float>();
    float* activation = row_of(step.activation, b);
    float* weights = row_of(step.weights_out, b);
    for (std::int64_t t = 0; t < length; ++t)
      weights[t] = energy(query, v, activation + t * dim_);
    softmax_row(weights, length, positions_);
    const float* before = row_of(step.cumulative_in, b);
    float* cumulative = row_of(step.cumulative_out, b);
    for (std::int64_t t = 0; t < positions_; ++t)
      cumulative[t] = before[t] + weights[t];
    const float* memory = row_of(constants().memory, b);
    float* context = row_of(step.context, b);
    std::fill(context, context + width_, 0.0F);
    for (std::int64_t t = 0; t < length; ++t)
      add_scaled(weights[t], memory + t * width_, context, width_);
  }

  [[gnu::always_inline]] float energy(const float* __restrict query,
                                      const float* v,
                                      float* __restrict activation) const {
    for (std::int64_t a = 0; a < dim_; ++a)
      activation[a] = fast_tanh(activation[a] + query[a]);
    return dot(activation, v, dim_);
  }

  [[gnu::always_inline]] void attend_clip_backward(const AttentionStepGradient& gradient,
                                                   std::int64_t b) const {
    const auto length = length_of(b);
    const float* weights = row_of(gradient.step.weights_out, b);
    const float* memory = row_of(constants().memory, b);
    const float* d_context = row_of(gradient.d_context, b);
    const float* d_outside = row_of(gradient.d_weights, b);
    const float* d_cumulative = row_of(gradient.d_cumulative, b);
    float* d_weights = row_of(gradient.d_weights_in, b);  // its input is used up here
    for (std::int64_t t = 0; t < length; ++t)
      d_weights[t] += d_outside[t] + d_cumulative[t] + dot(memory + t * width_, d_context, width_);
    const float mean = dot(weights, d_weights, length);
    EnergyGradient row = {constants().v.data_ptr<float>(),
                          row_of(gradient.step.activation, b),
                          row_of(d_sums_, b),
                          row_of(d_keys_, b),
                          row_of(gradient.d_query, b),
                          row_of(d_v_, b)};
    std::fill(row.d_query, row.d_query + dim_, 0.0F);
    for (std::int64_t t = 0; t < length; ++t) {
      energy_backward(row, weights[t] * (d_weights[t] - mean));
      row.activation += dim_;
      row.d_sum += dim_;
      row.d_keys += dim_;
    }
  }

  struct EnergyGradient {
    const float* __restrict v;
    const float* __restrict activation;
    float* __restrict d_sum;
    float* __restrict d_keys;
    float* __restrict d_query;
    float* __restrict d_v;
  };

  [[gnu::always_inline]] void energy_backward(const EnergyGradient& row, float d_energy) const {
#pragma GCC ivdep
    for (std::int64_t a = 0; a < dim_; ++a) {
      const float activation = row.activation[a];
      const float d = d_energy * row.v[a] * (1.0F - activation * activation);
      row.d_sum[a] = d;
      row.d_keys[a] += d;
      row.d_query[a] += d;
      row.d_v[a] += d_energy * activation;
    }
  }
};

}  // namespace

std::unique_ptr<DecoderKernels> make_fused_decoder_kernels(AttentionConstants constants) {
  return std::make_unique<FusedDecoderKernels>(std::move(constants));
}

}  // namespace lipsound2::lip2mel
