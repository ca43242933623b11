#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "lipsound2/core/tensor.h"

#include "normed_weight.h"

namespace lipsound2::vocoder {

/// An empty module in another: one more level in the names of parameters.
std::shared_ptr<torch::nn::Module> level_in(torch::nn::Module& parent, const std::string& name);

/// The weights of a WaveNet with C channels and L layers.
struct WaveNetWeights {
  Tensor start;                        ///< [C, inputs]
  Tensor start_bias;                   ///< [C]
  NormedWeight condition;              ///< [2 C L, features, 1]
  Tensor condition_bias;               ///< [2 C L]
  std::vector<NormedWeight> in;        ///< L times [2 C, C, 3]
  std::vector<Tensor> in_bias;         ///< [2 C]
  std::vector<NormedWeight> res_skip;  ///< L times [2 C, C, 1], residual first; the last
                                       ///< [C, C, 1], skip only
  std::vector<Tensor> skip_bias;       ///< as many as res_skip has rows
  Tensor end;                          ///< [2 inputs, C]
  Tensor end_bias;                     ///< [2 inputs]

  std::int64_t channels() const { return start.size(0); }
  std::int64_t layers() const { return static_cast<std::int64_t>(in.size()); }
};

/// A 1-D convolution with normalized weights (Salimans and Kingma 2016), named as PyTorch's older
/// weight_norm names them: weight_g, weight_v, bias.
class WeightNormConvImpl final : public torch::nn::Module {
 public:
  WeightNormConvImpl(std::int64_t outputs, std::int64_t inputs, std::int64_t taps);

  const NormedWeight& weight() const { return weight_; }
  const Tensor& bias() const { return bias_; }

 private:
  NormedWeight weight_;
  Tensor bias_;
};

struct WaveNetSizes {
  std::int64_t inputs;
  std::int64_t features;
  std::int64_t channels;
  std::int64_t layers;
};

/// The parameters of a coupling: a stack of dilated, gated convolutions without causality.
///
///     h = start(x); per layer i: a = tanh(u) sigmoid(v), [u v] = in_i(h) + cond_i,
///     [r s] = res_skip_i(a), h += r, skips += s; end(skips)
class WaveNetImpl final : public torch::nn::Module {
 public:
  explicit WaveNetImpl(const WaveNetSizes& sizes);

  WaveNetWeights weights() const;

 private:
  std::shared_ptr<WeightNormConvImpl> start_;
  std::shared_ptr<WeightNormConvImpl> condition_;
  std::vector<std::shared_ptr<WeightNormConvImpl>> in_;
  std::vector<std::shared_ptr<WeightNormConvImpl>> res_skip_;
  Tensor end_weight_;
  Tensor end_bias_;
};

/// x [B, T, inputs] and features [B, T', features] with T' dividing T -> [B, T, 2 inputs], bias b
/// before log scale s. Where T' < T, conditions are interpolated linearly, as
/// torch.nn.functional.interpolate does without aligned corners. On the CPU in float32 it runs
/// fused.
Tensor wavenet(const WaveNetWeights& weights, const Tensor& x, const Tensor& features);

/// The same, composed of convolutions that run on every device.
Tensor wavenet_composed(const WaveNetWeights& weights, const Tensor& x, const Tensor& features);

}  // namespace lipsound2::vocoder
