#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "lipsound2/core/tensor.h"
#include "lipsound2/nn/masked_batch_norm.h"

namespace lipsound2::asr {

/// A child without parameters of its own that only lends its name, as NeMo's lists do.
std::shared_ptr<torch::nn::Module> named_level(torch::nn::Module& parent, const std::string& name);

/// A block's own sizes.
struct JasperBlockConfig {
  std::int64_t inputs = 0;   ///< channels
  std::int64_t outputs = 0;  ///< channels
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t repeats = 1;
  double dropout = 0;
  double activation_limit = 0;
  std::vector<std::int64_t> joined = {};  ///< channels of each tensor that is added before the end
};

/// Convolution over time without bias that takes padded frames for zeros; the output keeps the
/// frame rate, divided by the stride. A child `conv` has the weight, as in NeMo.
class MaskedConvolutionImpl final : public torch::nn::Module {
 public:
  MaskedConvolutionImpl(std::int64_t inputs,
                        std::int64_t outputs,
                        std::int64_t kernel,
                        std::int64_t stride,
                        std::int64_t dilation);

  /// x [B, inputs, T] -> [B, outputs, ceil(T / stride)].
  Tensor forward(const Tensor& x, const Tensor& lengths);

 private:
  Tensor weight_;
  std::int64_t kernel_;
  std::int64_t stride_;
  std::int64_t dilation_;
};

/// Batch norm with the epsilon of the published models, 1e-3.
class JasperNormImpl final : public nn::MaskedBatchNormImpl {
 public:
  using MaskedBatchNormImpl::MaskedBatchNormImpl;

  /// x [B, C, T], lengths [B] -> like x.
  Tensor forward(const Tensor& x, const Tensor& lengths);
};

/// Repeats of convolution, batch norm, ReLU and dropout; what is joined is added, through a 1x1
/// convolution and batch norm each, before the last ReLU.
class JasperBlockImpl final : public torch::nn::Module {
 public:
  explicit JasperBlockImpl(const JasperBlockConfig& config);

  /// x [B, inputs, T], `joined` as many as in the config -> [B, outputs, ceil(T / stride)].
  Tensor forward(const Tensor& x, const std::vector<Tensor>& joined, const Tensor& lengths);
  /// Frames behind the block.
  Tensor lengths_after(const Tensor& lengths) const;

 private:
  struct NormedConvolution {
    std::shared_ptr<MaskedConvolutionImpl> convolution;
    std::shared_ptr<JasperNormImpl> norm;
  };

  Tensor normed(const NormedConvolution& layer, const Tensor& x, const Tensor& lengths) const;
  Tensor activate(const Tensor& x) const;
  void add_repeats();
  void add_joins();

  JasperBlockConfig config_;
  std::vector<NormedConvolution> repeats_;
  std::vector<NormedConvolution> joins_;
};

}  // namespace lipsound2::asr
