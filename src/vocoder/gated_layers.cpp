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
// of the gates, and weights are multiplied by their norms again, those of one layer at a time, into
// memory that all layers share. Where every step has a condition of its own, gates lie where the
// conditions were. Backward lets go of each layer's as it has done with it.

/// The weights of a layer as they are stored, or their gradients.
struct StoredWeights {
  NormedWeight condition;  ///< [2 C, F, 1]
  NormedWeight in;         ///< [2 C, C, 3]
  NormedWeight residual;   ///< [C, C, 1]; of the last layer [0, C, 1]
  NormedWeight skip;       ///< [C, C, 1]
};

/// v and g of the condition, of each `in` and of each `res_skip`, as autograd takes them.
variable_list listed(const GatedLayers& layers) {
  variable_list list = {layers.condition.v, layers.condition.g};
  for (const auto* weights : {&layers.in, &layers.res_skip})
    for (const NormedWeight& weight : *weights)
      list.insert(list.end(), {weight.v, weight.g});
  return list;
}

std::int64_t layers_in(const variable_list& list) {
  return static_cast<std::int64_t>(list.size() - 2) / 4;
}

StoredWeights layer_of(const variable_list& list, std::int64_t layer) {
  const auto weight = [&](std::int64_t i) {
    const auto place = static_cast<std::size_t>(2 * i);
    return NormedWeight{list[place], list[place + 1]};
  };
  const NormedWeight in = weight(1 + layer), res_skip = weight(1 + layers_in(list) + layer);
  const std::int64_t channels = in.v.size(1), residual = res_skip.v.size(0) - channels;
  return {.condition = weight(0).narrow(layer * 2 * channels, 2 * channels),
          .in = in,
          .residual = res_skip.narrow(0, residual),
          .skip = res_skip.narrow(residual, channels)};
}

Tensor matrix(const NormedWeight& weight) {
  return weight.v.squeeze(2);
}

/// The weights of a layer as they are multiplied. The end is multiplied into the skip connection:
/// C x n instead of C x C.
struct MultipliedWeights {
  Tensor condition;  ///< [2 C, F]
  Tensor taps;       ///< [6, 2 C, C], combined
  Tensor skip;       ///< [C, C]
  Tensor mixes;      ///< [C + n, C]: the residual, unused in the last layer, then the end's

  MultipliedWeights(const Tensor& features, const Tensor& end)
      : condition(at::empty({2 * end.size(1), features.size(1)}, end.options())),
        taps(at::empty({6, 2 * end.size(1), end.size(1)}, end.options())),
        skip(at::empty({end.size(1), end.size(1)}, end.options())),
        mixes(at::empty({end.size(1) + end.size(0), end.size(1)}, end.options())) {}

  void make(const StoredWeights& stored, const Tensor& end) const {
    const std::int64_t channels = skip.size(0), residual = stored.residual.v.size(0);
    multiply(stored.condition, condition);
    combine_taps(stored.in, taps);
    multiply(stored.residual, mixes.narrow(0, 0, residual));
    multiply(stored.skip, skip);
    Tensor of_end = mixes.narrow(0, channels, end.size(0));
    at::mm_out(of_end, end, skip);
  }
};

/// What all layers share on the way back.
struct Backward {
  Tensor features;  ///< [B T', F]
  Tensor end;       ///< [n, C]
  std::int64_t clips;
  MultipliedWeights weights;
  Tensor d_features;
  Tensor d_end;
  Tensor d_mixed;       ///< [B T, C + n]: of h, then of what is returned, the same in all layers
  Tensor d_mixes;       ///< [C + n, C]
  Tensor d_taps;        ///< [6, 2 C, C]
  Tensor d_conditions;  ///< [B T', 2 C]; undefined where T' = T: gates take their place

  Backward(const Tensor& features, const Tensor& end, const Tensor& gradient)
      : features(features),
        end(end),
        clips(gradient.size(0)),
        weights(features, end),
        d_features(at::zeros_like(features)),
        d_end(at::zeros_like(end)),
        d_mixed(at::zeros({clips * gradient.size(1), weights.mixes.size(0)}, end.options())),
        d_mixes(at::empty_like(weights.mixes)),
        d_taps(at::empty_like(weights.taps)) {
    d_mixed.narrow(1, end.size(1), end.size(0)).copy_(gradient.flatten(0, 1));
    if (features.size(0) < d_mixed.size(0))
      d_conditions = at::empty({features.size(0), 2 * end.size(1)}, end.options());
  }

  Tensor d_h() const { return d_mixed.narrow(1, 0, end.size(1)); }

  // Of the mixes, and `gates` become their gradient.
  void mixes(const StoredWeights& stored,
             const StoredWeights& gradient,
             const Tensor& gates) const {
    const std::int64_t channels = end.size(1), residual = stored.residual.v.size(0);
    const auto used = [&](const Tensor& all, std::int64_t dim) {
      return all.narrow(dim, channels - residual, residual + end.size(0));
    };
    const Tensor d_used = used(d_mixed, 1), mix = used(weights.mixes, 0);
    const Tensor activations = at::mm(d_used, mix);  // at first their gradient
    if (d_conditions.defined())
      d_conditions.zero_();
    gates_backward({activations, gates, d_conditions}, clips);
    Tensor d_mix = used(d_mixes, 0), d_skip = matrix(gradient.skip);
    at::mm_out(d_mix, d_used.t(), activations);
    const Tensor d_of_end = d_mixes.narrow(0, channels, end.size(0));
    d_end.addmm_(d_of_end, weights.skip.t());
    at::mm_out(d_skip, end.t(), d_of_end);
    multiply_backward(stored.skip, gradient.skip);
    matrix(gradient.residual).copy_(d_mixes.narrow(0, 0, residual));
    multiply_backward(stored.residual, gradient.residual);
  }

  // Of the conditions, with their biases, whose gradient is `d_bias`.
  void conditions(const StoredWeights& stored,
                  const StoredWeights& gradient,
                  const Tensor& gates,
                  Tensor d_bias) const {
    const Tensor& d_rows = d_conditions.defined() ? d_conditions : gates;
    at::sum_out(d_bias, d_rows, 0);
    d_features.addmm_(d_rows, weights.condition);
    Tensor d_condition = matrix(gradient.condition);
    at::mm_out(d_condition, d_rows.t(), features);
    multiply_backward(stored.condition, gradient.condition);
  }
};

class GatedLayersFunction final : public torch::autograd::Function<GatedLayersFunction> {
 public:
  static Tensor forward(AutogradContext* context,
                        const Tensor& h0,
                        const Tensor& features,
                        const Tensor& biases,
                        const Tensor& residual_biases,
                        const Tensor& end,
                        const at::TensorList& weights_list) {
    const variable_list list = weights_list.vec();
    const std::int64_t clips = h0.size(0), channels = end.size(1), layers = layers_in(list);
    const GatedWorkspace workspace(channels);
    const MultipliedWeights weights(features, end);
    Tensor h = h0.flatten(0, 1);
    const Tensor activations = at::empty_like(h);
    const Tensor sums = at::zeros({h.size(0), end.size(0)}, h.options());
    variable_list kept;
    for (std::int64_t i = 0; i < layers; ++i) {
      weights.make(layer_of(list, i), end);
      Tensor conditions = at::mm(features, weights.condition.t());
      const Tensor gates = conditions.size(0) == h.size(0)
                               ? conditions
                               : at::empty({h.size(0), 2 * channels}, h.options());
      gated_convolution({.h = h,
                         .conditions = conditions,
                         .biases = biases[i],
                         .activations = activations,
                         .gates = gates},
                        weights.taps,
                        clips,
                        std::int64_t{1} << i,
                        workspace);
      kept.insert(kept.end(), {h, gates});
      sums.addmm_(activations, weights.mixes.narrow(0, channels, end.size(0)).t());
      if (i + 1 < layers)
        h = at::add(h, residual_biases[i])
                .addmm_(activations, weights.mixes.narrow(0, 0, channels).t());
    }
    context->saved_data["inputs"] = variable_list{features, end};
    context->saved_data["weights"] = list;
    context->saved_data["kept"] = kept;
    return sums.view({clips, h0.size(1), end.size(0)});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list inputs = context->saved_data["inputs"].toTensorVector();
    const variable_list list = context->saved_data["weights"].toTensorVector();
    variable_list kept = context->saved_data["kept"].toTensorVector();
    context->saved_data.clear();
    const std::int64_t layers = layers_in(list), steps = gradients[0].size(1);
    const Backward back(inputs[0], inputs[1], gradients[0]);
    variable_list d_list;
    for (const Tensor& weight : list)
      d_list.push_back(at::empty_like(weight));
    const std::int64_t channels = back.end.size(1);
    const Tensor d_biases = at::empty({layers, 2 * channels}, back.end.options());
    const Tensor d_residual_biases = at::empty({layers - 1, channels}, back.end.options());
    for (std::int64_t i = layers - 1; i >= 0; --i) {
      Tensor& h = kept[static_cast<std::size_t>(2 * i)];
      Tensor& gates = kept[static_cast<std::size_t>(2 * i + 1)];
      const StoredWeights stored = layer_of(list, i), gradient = layer_of(d_list, i);
      back.weights.make(stored, back.end);
      if (i + 1 < layers)
        d_residual_biases[i].copy_(back.d_h().sum(0));
      back.mixes(stored, gradient, gates);
      back.conditions(stored, gradient, gates, d_biases[i]);
      convolution_backward(
          {gates, back.d_h(), back.d_taps}, h, back.weights.taps, steps, std::int64_t{1} << i);
      combine_taps_backward(back.d_taps, stored.in, gradient.in);
      h = gates = Tensor();  // memory for the layers below
    }
    variable_list results = {back.d_h().reshape({back.clips, steps, channels}),
                             back.d_features,
                             d_biases,
                             d_residual_biases,
                             back.d_end};
    results.insert(results.end(), d_list.begin(), d_list.end());
    return results;
  }
};

}  // namespace

Tensor gated_layers(const GatedLayers& layers) {
  const variable_list weights = listed(layers);
  return GatedLayersFunction::apply(layers.h,
                                    layers.features.flatten(0, 1).contiguous(),
                                    layers.biases.view({-1, 2 * layers.end.size(1)}),
                                    layers.residual_biases,
                                    layers.end.contiguous(),
                                    at::TensorList(weights));
}

}  // namespace lipsound2::vocoder
