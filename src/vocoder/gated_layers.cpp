#include "gated_layers.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gate.h"

namespace lipsound2::vocoder {
namespace {

// Note [Rows]
//
// Clips lie in one matrix of rows, a row of channels per group of samples, each clip behind `gap`
// rows of zeros, and such rows at the end. A tap of a dilated convolution is then one matrix
// product of all clips with rows that begin `dilation` earlier or later: nothing is unfolded,
// padded or copied. Where gaps are long beside clips, each clip has products of its own instead:
// see spans(). Rows in the gaps get values that nobody reads, and are set to zero where a neighbor
// would.
constexpr std::int64_t kLongGap = 8;  // at least so manieth part of a clip

/// Rows that are multiplied together, counted without the first gap.
struct RowSpan {
  std::int64_t begin;
  std::int64_t count;

  Tensor of(const Tensor& rows) const { return rows.narrow(0, begin, count); }
};

struct ClipRows {
  std::int64_t clips;
  std::int64_t steps;
  std::int64_t gap;

  std::int64_t stride() const { return steps + gap; }
  /// Of all clips, the gaps behind them included.
  std::int64_t inner() const { return clips * stride(); }
  std::int64_t all() const { return gap + inner(); }

  Tensor zeros(std::int64_t channels, const Tensor& like) const {
    return at::zeros({all() + gap, channels}, like.options());
  }
  /// [clips, steps + gap, channels] of rows as zeros() makes them.
  Tensor clip_view(const Tensor& rows) const {
    return rows.narrow(0, gap, inner()).view({clips, stride(), rows.size(1)});
  }
  /// All rows with the gaps between them, or those of each clip.
  std::vector<RowSpan> spans() const {
    if (clips > 1 && gap * kLongGap < steps)
      return {{0, inner()}};
    std::vector<RowSpan> each;
    for (std::int64_t clip = 0; clip < clips; ++clip)
      each.push_back({clip * stride(), steps});
    return each;
  }
  /// The rows that tap `offset` reads for those of the span.
  Tensor shifted(const Tensor& rows, const RowSpan& span, std::int64_t offset) const {
    return rows.narrow(0, gap + span.begin + offset, span.count);
  }
  void clear_gaps(const Tensor& rows) const { clip_view(rows).narrow(1, steps, gap).zero_(); }
};

/// The arrays of one layer's gates. Rows follow each other by these strides.
struct GateRows {
  float* sums;  ///< [u v] before the gates; after them tanh(u) and sigmoid(v)
  float* activations;
  float* conditions;  ///< or their gradient
  std::int64_t activations_stride;
  std::int64_t conditions_stride;
  std::int64_t channels;
  std::int64_t per_frame;
  std::int64_t frames;
};

[[gnu::always_inline]] inline void gate_step(const GateRows& at, std::int64_t step) {
  const BetweenFrames place = between_frames(step, at.per_frame, at.frames);
  const float* __restrict low = at.conditions + place.low * at.conditions_stride;
  const float* __restrict high = at.conditions + place.high * at.conditions_stride;
  float* __restrict u = at.sums + step * 2 * at.channels;
  float* __restrict v = u + at.channels;
  float* __restrict a = at.activations + step * at.activations_stride;
#pragma GCC ivdep  // no two of the rows overlap
  for (std::int64_t c = 0; c < at.channels; ++c) {
    const std::int64_t d = c + at.channels;
    u[c] = fast_tanh(u[c] + low[c] + place.weight * (high[c] - low[c]));
    v[c] = fast_sigmoid(v[c] + low[d] + place.weight * (high[d] - low[d]));
    a[c] = u[c] * v[c];
  }
}

// `activations` holds their gradient; sums becomes that of the sums before the gates.
[[gnu::always_inline]] inline void gate_step_backward(const GateRows& at, std::int64_t step) {
  const BetweenFrames place = between_frames(step, at.per_frame, at.frames);
  float* low = at.conditions + place.low * at.conditions_stride;
  float* high = at.conditions + place.high * at.conditions_stride;
  float* __restrict u = at.sums + step * 2 * at.channels;
  float* __restrict v = u + at.channels;
  const float* __restrict da = at.activations + step * at.activations_stride;
#pragma GCC ivdep  // no two of the rows overlap
  for (std::int64_t c = 0; c < at.channels; ++c) {
    const float t = u[c], s = v[c];
    u[c] = da[c] * s * (1.0F - t * t);
    v[c] = da[c] * t * s * (1.0F - s);
  }
  const float rest = 1.0F - place.weight;
#pragma GCC ivdep
  for (std::int64_t c = 0; c < 2 * at.channels; ++c)
    low[c] += rest * u[c];
  if (place.weight > 0)
#pragma GCC ivdep
    for (std::int64_t c = 0; c < 2 * at.channels; ++c)
      high[c] += place.weight * u[c];
}

/// The gates of layer `layer`; `sums` [inner, 2 C] and `activations` [clips, stride, ...].
struct GateTask {
  const ClipRows& rows;
  const Tensor& sums;
  const Tensor& activations;
  const Tensor& conditions;
  std::int64_t layer;

  GateRows of_clip(std::int64_t clip) const {
    const std::int64_t channels = sums.size(1) / 2;
    return {.sums = sums.mutable_data_ptr<float>() + clip * rows.stride() * 2 * channels,
            .activations = activations.mutable_data_ptr<float>() + clip * activations.stride(0),
            .conditions = conditions.mutable_data_ptr<float>() + clip * conditions.stride(0) +
                          layer * 2 * channels,
            .activations_stride = activations.stride(1),
            .conditions_stride = conditions.stride(1),
            .channels = channels,
            .per_frame = rows.steps / conditions.size(1),
            .frames = conditions.size(1)};
  }
};

template <class Step>
void for_each_step(const GateTask& task, const Step& gate) {
  at::parallel_for(0, task.rows.clips, 1, [&](std::int64_t begin, std::int64_t end) {
    run_vectorized([&]() __attribute__((always_inline)) {
      for (std::int64_t clip = begin; clip < end; ++clip) {
        const GateRows at = task.of_clip(clip);
        for (std::int64_t step = 0; step < task.rows.steps; ++step)
          gate(at, step);
      }
    });
  });
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class GatedLayersFunction final : public torch::autograd::Function<GatedLayersFunction> {
 public:
  static Tensor forward(AutogradContext* context,
                        const Tensor& h0,
                        const Tensor& conditions,
                        const Tensor& taps,
                        const Tensor& residuals,
                        const Tensor& residual_biases) {
    const std::int64_t layers = taps.size(0), channels = h0.size(2);
    const ClipRows rows{h0.size(0), h0.size(1), std::int64_t{1} << (layers - 1)};
    const std::vector<RowSpan> spans = rows.spans();
    const Tensor activations =
        at::zeros({rows.clips, rows.stride(), layers * channels}, h0.options());
    const Tensor flat = activations.view({rows.inner(), -1});
    Tensor h = rows.zeros(channels, h0);
    rows.clip_view(h).narrow(1, 0, rows.steps).copy_(h0);
    variable_list saved = {conditions, taps, residuals, activations.detach()};  // no cycle
    for (std::int64_t i = 0; i < layers; ++i) {
      const Tensor sums = at::empty({rows.inner(), 2 * channels}, h0.options());
      for (const RowSpan& span : spans) {
        Tensor own_sums = span.of(sums);
        at::mm_out(own_sums, rows.shifted(h, span, -(1 << i)), taps[i][0]);
        for (const std::int64_t tap : {1, 2})
          own_sums.addmm_(rows.shifted(h, span, (tap - 1) * (1 << i)), taps[i][tap]);
      }
      const Tensor own = activations.narrow(2, i * channels, channels);
      for_each_step({rows, sums, own, conditions, i},
                    [](const GateRows& at, std::int64_t step)
                        __attribute__((always_inline)) { gate_step(at, step); });
      saved.push_back(h);
      saved.push_back(sums);
      if (i + 1 == layers)
        break;
      const Tensor next = h.clone();
      for (const RowSpan& span : spans)
        rows.shifted(next, span, 0)
            .addmm_(span.of(flat).narrow(1, i * channels, channels), residuals[i])
            .add_(residual_biases[i]);
      rows.clear_gaps(next);
      h = next;
    }
    context->saved_data["saved"] = saved;
    return activations;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    variable_list saved = context->saved_data["saved"].toTensorVector();
    context->saved_data.clear();
    const Tensor conditions = saved[0], taps = saved[1], residuals = saved[2];
    const Tensor activations = saved[3];
    const std::int64_t layers = taps.size(0), channels = taps.size(2);
    const std::int64_t gap = std::int64_t{1} << (layers - 1);
    const ClipRows rows{activations.size(0), activations.size(1) - gap, gap};
    const std::vector<RowSpan> spans = rows.spans();
    const Tensor d_all = gradients[0].contiguous().view({rows.inner(), -1});
    const Tensor flat = activations.view({rows.inner(), -1});
    const Tensor d_conditions = at::zeros_like(conditions);
    const Tensor d_taps = at::zeros_like(taps);
    const Tensor d_residuals = at::zeros_like(residuals);
    const Tensor d_biases = at::zeros({layers - 1, channels}, taps.options());
    Tensor d_h = rows.zeros(channels, taps);
    for (std::int64_t i = layers - 1; i >= 0; --i) {
      Tensor h = saved[4 + 2 * i], sums = saved[5 + 2 * i];
      Tensor d_own = d_all.narrow(1, i * channels, channels).contiguous();
      const Tensor own = flat.narrow(1, i * channels, channels);
      for (const RowSpan& span : i + 1 < layers ? spans : std::vector<RowSpan>()) {
        const Tensor d_inner = rows.shifted(d_h, span, 0);
        span.of(d_own).addmm_(d_inner, residuals[i].t());
        d_residuals[i].addmm_(span.of(own).t(), d_inner);
        d_biases[i].add_(d_inner.sum(0));
      }
      for_each_step(
          {rows, sums, d_own.view({rows.clips, rows.stride(), channels}), d_conditions, i},
          [](const GateRows& at, std::int64_t step)
              __attribute__((always_inline)) { gate_step_backward(at, step); });
      sums.view({rows.clips, rows.stride(), -1}).narrow(1, rows.steps, rows.gap).zero_();
      for (const RowSpan& span : spans)
        for (const std::int64_t tap : {0, 1, 2}) {
          const std::int64_t offset = (tap - 1) * (1 << i);
          d_taps[i][tap].addmm_(rows.shifted(h, span, offset).t(), span.of(sums));
          rows.shifted(d_h, span, offset).addmm_(span.of(sums), taps[i][tap].t());
        }
      rows.clear_gaps(d_h);
      saved[4 + 2 * i] = saved[5 + 2 * i] = Tensor();  // memory for the layers below
    }
    return {
        rows.clip_view(d_h).narrow(1, 0, rows.steps), d_conditions, d_taps, d_residuals, d_biases};
  }
};

}  // namespace

Tensor gated_layers(const GatedLayers& layers) {
  return GatedLayersFunction::apply(layers.h,
                                    layers.conditions.contiguous(),
                                    layers.taps.contiguous(),
                                    layers.residuals.contiguous(),
                                    layers.residual_biases);
}

}  // namespace lipsound2::vocoder
