#include "lipsound2/lip2mel/postnet.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tanh.h>

#include "lipsound2/nn/length_mask.h"

#include "layer_list.h"

namespace lipsound2::lip2mel {
namespace {

constexpr double kTanhGain = 5.0 / 3;

/// Uniform with the variance of Glorot and Bengio 2010.
Tensor initial_filters(at::IntArrayRef shape, double gain) {
  const auto fans = static_cast<double>((shape[0] + shape[1]) * shape[2]);
  const double bound = gain * std::sqrt(6 / fans);
  return at::empty(shape).uniform_(-bound, bound);
}

}  // namespace

void PostnetConfig::visit(config::FieldVisitor& v) {
  v.field("layers", layers, "convolutions", {2, 20});
  v.field("channels", channels, "channels between them", {1, 4096});
  v.field("kernel", kernel, "odd width of the filters, in mel frames", {1, 31});
  v.field("dropout", dropout, "share of values dropped after each", {0, 0.95});
  v.check(kernel % 2 == 1, "kernel", "must be odd");
}

PostnetImpl::PostnetImpl(const PostnetConfig& config, std::int64_t bands) : config_(config) {
  const auto list = add_level(*this, "convolutions");
  add_layer(*list, bands, config.channels);
  for (std::int64_t i = 2; i < config.layers; ++i)
    add_layer(*list, config.channels, config.channels);
  add_layer(*list, config.channels, bands);
}

void PostnetImpl::add_layer(torch::nn::Module& list,
                            std::int64_t in_channels,
                            std::int64_t out_channels) {
  const bool last = static_cast<std::int64_t>(layers_.size()) + 1 == config_.layers;
  const auto level = add_level(list, std::to_string(layers_.size()));
  const auto conv = add_level(*add_level(*level, "0"), "conv");
  const double bound = 1 / std::sqrt(static_cast<double>(in_channels * config_.kernel));
  const Tensor weight =
      initial_filters({out_channels, in_channels, config_.kernel}, last ? 1 : kTanhGain);
  layers_.push_back(
      {.weight = conv->register_parameter("weight", weight),
       .bias = conv->register_parameter("bias", at::empty({out_channels}).uniform_(-bound, bound)),
       .norm = level->register_module("1", nn::MaskedBatchNorm(out_channels))});
  if (last)  // the postnet begins as the identity: its first, random corrections would only be
             // noise
    layers_.back().norm->named_parameters()["weight"].data().zero_();
}

Tensor PostnetImpl::forward(const Tensor& mel, const Tensor& lengths) {
  Tensor x = nn::zero_padding(mel.transpose(1, 2), lengths);
  const Tensor start = x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    auto& layer = layers_[i];
    x = at::conv1d(x, layer.weight, layer.bias, /*stride=*/1, config_.kernel / 2);
    x = layer.norm->forward(x, lengths);
    if (i + 1 < layers_.size())
      x = at::tanh(x);
    x = nn::zero_padding(at::dropout(x, config_.dropout, is_training()), lengths);
  }
  return (start + x).transpose(1, 2);
}

}  // namespace lipsound2::lip2mel
