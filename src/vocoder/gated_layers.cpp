#include "gated_layers.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gated_convolution.h"

namespace lipsound2::vocoder {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Note [What is kept]
//
// Of each layer its input h [B T, C] and its gates [B T, 2 C], no more: activations are the product
// of the gates, conditions are not needed, and the combined taps are made again. Backward lets go
// of each layer's as it has done with it.

/// [residual, end] of layer `i`; the last one has no residual.
Tensor used_mix(const Tensor& mixes, std::int64_t i) {
  const std::int64_t channels = mixes.size(2);
  return i + 1 < mixes.size(0) ? mixes[i] : mixes[i].narrow(0, channels, mixes.size(1) - channels);
}

class GatedLayersFunction final : public torch::autograd::Function<GatedLayersFunction> {
 public:
  static Tensor forward(AutogradContext* context,
                        const Tensor& h0,
                        const Tensor& conditions,
                        const Tensor& taps,
                        const Tensor& mixes,
                        const Tensor& residual_biases) {
    const std::int64_t layers = taps.size(0), channels = h0.size(2);
    const std::int64_t rows = h0.size(0) * h0.size(1), outputs = mixes.size(1) - channels;
    const GatedWorkspace workspace(channels);
    Tensor h = h0.reshape({rows, channels});
    const Tensor activations = at::empty_like(h);
    const Tensor sums = at::zeros({rows, outputs}, h.options());
    variable_list saved = {taps, mixes};
    for (std::int64_t i = 0; i < layers; ++i) {
      const Tensor gates = at::empty({rows, 2 * channels}, h.options());
      gated_convolution({.h = h,
                         .conditions = conditions.narrow(2, 2 * i * channels, 2 * channels),
                         .activations = activations,
                         .gates = gates},
                        combined_taps(taps[i]),
                        std::int64_t{1} << i,
                        workspace);
      saved.push_back(h);
      saved.push_back(gates);
      sums.addmm_(activations, mixes[i].narrow(0, channels, outputs).t());
      if (i + 1 < layers)
        h = at::addmm(h, activations, mixes[i].narrow(0, 0, channels).t()).add_(residual_biases[i]);
    }
    context->saved_data["saved"] = saved;
    context->saved_data["frames"] = conditions.size(1);
    return sums.view({h0.size(0), h0.size(1), outputs});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    variable_list saved = context->saved_data["saved"].toTensorVector();
    const std::int64_t frames = context->saved_data["frames"].toInt();
    context->saved_data.clear();
    const Tensor taps = saved[0], mixes = saved[1];
    const std::int64_t layers = taps.size(0), channels = taps.size(2);
    const std::int64_t clips = gradients[0].size(0), steps = gradients[0].size(1);
    const auto options = taps.options();
    const Tensor d_conditions = at::zeros({clips, frames, 2 * channels * layers}, options);
    const Tensor d_taps = at::empty_like(taps), d_mixes = at::zeros_like(mixes);
    const Tensor d_biases = at::empty({layers - 1, channels}, options);
    const Tensor d_combined = at::empty({6, 2 * channels, channels}, options);
    // Columns: those of h, then those of the end, which are the same for all layers.
    const Tensor d_mixed = at::zeros({clips * steps, mixes.size(1)}, options);
    const Tensor d_h = d_mixed.narrow(1, 0, channels);
    d_mixed.narrow(1, channels, mixes.size(1) - channels)
        .copy_(gradients[0].reshape({clips * steps, -1}));
    for (std::int64_t i = layers - 1; i >= 0; --i) {
      Tensor& h = saved[2 + 2 * i];
      Tensor& gates = saved[3 + 2 * i];  // which become the gradient of what they were made of
      const Tensor mix = used_mix(mixes, i);
      const Tensor d_used = d_mixed.narrow(1, mixes.size(1) - mix.size(0), mix.size(0));
      const Tensor activations = at::mm(d_used, mix);  // at first their gradient
      gates_backward({activations, gates, d_conditions.narrow(2, 2 * i * channels, 2 * channels)});
      Tensor d_mix = used_mix(d_mixes, i);
      at::mm_out(d_mix, d_used.t(), activations);
      if (i + 1 < layers)
        d_biases[i].copy_(d_h.sum(0));
      convolution_backward(
          {gates, d_h, d_combined}, h, combined_taps(taps[i]), steps, std::int64_t{1} << i);
      d_taps[i].copy_(combined_taps_backward(d_combined));
      h = gates = Tensor();  // memory for the layers below
    }
    return {d_h.reshape({clips, steps, channels}), d_conditions, d_taps, d_mixes, d_biases};
  }
};

}  // namespace

Tensor gated_layers(const GatedLayers& layers) {
  return GatedLayersFunction::apply(layers.h,
                                    layers.conditions.contiguous(),
                                    layers.taps.contiguous(),
                                    layers.mixes.contiguous(),
                                    layers.residual_biases);
}

}  // namespace lipsound2::vocoder
