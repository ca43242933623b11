#include "wavenet.h"

#include <cmath>
#include <string>

#include <ATen/Functions.h>

#include "gated_layers.h"

namespace lipsound2::vocoder {
namespace {

constexpr std::int64_t kTaps = 3;

Tensor multiplied_matrix(const NormedWeight& weight) {
  return weight.multiplied().squeeze(2);
}

// [B, T', N] -> [B, N, T]
Tensor stretched(const Tensor& frames, std::int64_t steps) {
  const Tensor channels_first = frames.transpose(1, 2);
  return frames.size(1) == steps
             ? channels_first
             : at::upsample_linear1d(channels_first, {steps}, /*align_corners=*/false);
}

// The layers between start and end: h [B, T, C], conditions [B, T', 2 C L] -> sum of skips
// [B, T, C].
Tensor composed_skips(const WaveNetWeights& weights, const Tensor& h0, const Tensor& conditions) {
  const std::int64_t channels = weights.channels();
  const std::vector<Tensor> condition =
      stretched(conditions, h0.size(1)).split(2 * channels, /*dim=*/1);
  Tensor h = h0.transpose(1, 2);
  Tensor skips;
  for (std::size_t i = 0; i < weights.in.size(); ++i) {
    const std::int64_t dilation = std::int64_t{1} << i;
    const Tensor taps = weights.in[i].multiplied();
    const Tensor sums =
        at::conv1d(h, taps, weights.in_bias[i], /*stride=*/1, dilation, dilation) + condition[i];
    const Tensor activations =
        at::tanh(sums.narrow(1, 0, channels)) * at::sigmoid(sums.narrow(1, channels, channels));
    Tensor skip = at::conv1d(activations, weights.res_skip[i].multiplied(), weights.skip_bias[i]);
    if (i + 1 < weights.in.size()) {
      h = h + skip.narrow(1, 0, channels);
      skip = skip.narrow(1, channels, channels);
    }
    skips = skips.defined() ? skips + skip : skip;
  }
  return skips.transpose(1, 2);
}

// The whole WaveNet but its start, fused.
Tensor fused_rest(const WaveNetWeights& weights, const Tensor& h0, const Tensor& features) {
  const std::int64_t channels = weights.channels(), before = weights.layers() - 1;
  const Tensor biases = at::cat(weights.skip_bias);  // residual and skip, of the last skip alone
  const Tensor pairs = biases.narrow(0, 0, 2 * channels * before).view({before, 2, channels});
  const Tensor skip_bias =
      biases.narrow(0, 2 * channels * before, channels) + pairs.select(1, 1).sum(0);
  return gated_layers({.h = h0,
                       .features = features,
                       .biases = weights.condition_bias + at::cat(weights.in_bias),
                       .residual_biases = pairs.select(1, 0),
                       .end = weights.end,
                       .condition = weights.condition,
                       .in = weights.in,
                       .res_skip = weights.res_skip}) +
         at::addmv(weights.end_bias, weights.end, skip_bias);
}

}  // namespace

std::shared_ptr<torch::nn::Module> level_in(torch::nn::Module& parent, const std::string& name) {
  return parent.register_module(name, std::make_shared<torch::nn::Module>(name));
}

WeightNormConvImpl::WeightNormConvImpl(std::int64_t outputs, std::int64_t inputs, std::int64_t taps)
    : torch::nn::Module("WeightNormConv") {
  const double bound = 1 / std::sqrt(static_cast<double>(inputs * taps));
  const Tensor weight = at::empty({outputs, inputs, taps}).uniform_(-bound, bound);
  weight_.g = register_parameter("weight_g", at::norm_except_dim(weight, 2, 0));
  weight_.v = register_parameter("weight_v", weight);
  bias_ = register_parameter("bias", at::empty({outputs}).uniform_(-bound, bound));
}

WaveNetImpl::WaveNetImpl(const WaveNetSizes& sizes) : torch::nn::Module("WaveNet") {
  const auto conv = [](std::int64_t outputs, std::int64_t inputs, std::int64_t taps) {
    return std::make_shared<WeightNormConvImpl>(outputs, inputs, taps);
  };
  const std::int64_t width = 2 * sizes.channels;
  const auto in = level_in(*this, "in_layers");
  const auto res_skip = level_in(*this, "res_skip_layers");
  start_ = register_module("start", conv(sizes.channels, sizes.inputs, 1));
  const auto end = level_in(*this, "end");
  end_weight_ = end->register_parameter("weight", at::zeros({2 * sizes.inputs, sizes.channels, 1}));
  end_bias_ = end->register_parameter("bias", at::zeros({2 * sizes.inputs}));
  condition_ = register_module("cond_layer", conv(width * sizes.layers, sizes.features, 1));
  for (std::int64_t i = 0; i < sizes.layers; ++i) {
    in_.push_back(in->register_module(std::to_string(i), conv(width, sizes.channels, kTaps)));
    res_skip_.push_back(res_skip->register_module(
        std::to_string(i), conv(i + 1 < sizes.layers ? width : sizes.channels, sizes.channels, 1)));
  }
}

WaveNetWeights WaveNetImpl::weights() const {
  WaveNetWeights weights;
  weights.start = multiplied_matrix(start_->weight());
  weights.start_bias = start_->bias();
  weights.condition = condition_->weight();
  weights.condition_bias = condition_->bias();
  for (std::size_t i = 0; i < in_.size(); ++i) {
    weights.in.push_back(in_[i]->weight());
    weights.in_bias.push_back(in_[i]->bias());
    weights.res_skip.push_back(res_skip_[i]->weight());
    weights.skip_bias.push_back(res_skip_[i]->bias());
  }
  weights.end = end_weight_.squeeze(2);
  weights.end_bias = end_bias_;
  return weights;
}

Tensor wavenet_composed(const WaveNetWeights& weights, const Tensor& x, const Tensor& features) {
  const Tensor h = at::linear(x, weights.start, weights.start_bias);
  const Tensor conditions =
      at::linear(features, multiplied_matrix(weights.condition), weights.condition_bias);
  return at::linear(composed_skips(weights, h, conditions), weights.end, weights.end_bias);
}

Tensor wavenet(const WaveNetWeights& weights, const Tensor& x, const Tensor& features) {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat)
    return wavenet_composed(weights, x, features);
  const Tensor h = at::linear(x, weights.start, weights.start_bias);
  return fused_rest(weights, h, features);
}

}  // namespace lipsound2::vocoder
