#include "novograd.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "lipsound2/train/flat_parameters.h"

namespace lipsound2::train {

NovoGrad::NovoGrad(Tensor values,
                   Tensor decayed,
                   std::vector<RateRange> layers,
                   NovoGradConfig config)
    : values_(std::move(values)),
      decayed_(std::move(decayed)),
      layers_(std::move(layers)),
      config_(config),
      momentum_(at::zeros_like(values_)),
      norms_(at::zeros({static_cast<std::int64_t>(layers_.size())}, values_.options())) {}

void NovoGrad::update(const Tensor& gradients, double learning_rate, std::int64_t step) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const RateRange& layer = layers_[i];
    const auto in_layer = [&](const Tensor& all) { return all.slice(0, layer.begin, layer.end); };
    const Tensor gradient = in_layer(gradients), momentum = in_layer(momentum_);
    const Tensor norm = norms_[static_cast<std::int64_t>(i)];
    norm.lerp_(gradient.square().sum(), step == 1 ? 1.0 : 1.0 - config_.beta2);
    momentum.mul_(config_.beta1).add_(gradient / (norm.sqrt() + config_.epsilon));
    if (config_.weight_decay > 0)
      momentum.addcmul_(in_layer(values_), in_layer(decayed_), config_.weight_decay);
    in_layer(values_).add_(momentum, -learning_rate * layer.factor);
  }
}

std::map<std::string, Tensor> NovoGrad::state(const FlatParameters& layout) const {
  std::map<std::string, Tensor> named;
  for (const auto& [name, view] : layout.split(momentum_))
    named.emplace("first_moment." + name, view);
  for (const auto& [name, view] : layout.split_layers(norms_))
    named.emplace("second_moment." + name, view);
  return named;
}

}  // namespace lipsound2::train
