#include "jasper_block.h"

#include <string>

#include <torch/torch.h>

#include "lipsound2/nn/length_mask.h"

namespace lipsound2::asr {
namespace {

constexpr double kEpsilon = 1e-3;

class NamedLevelImpl final : public torch::nn::Module {};

}  // namespace

std::shared_ptr<torch::nn::Module> named_level(torch::nn::Module& parent, const std::string& name) {
  return parent.register_module(name, std::make_shared<NamedLevelImpl>());
}

Tensor JasperNormImpl::forward(const Tensor& x, const Tensor& lengths) {
  nn::NormState state = next_state();
  state.eps = kEpsilon;
  return nn::masked_batch_norm(x, lengths, state);
}

MaskedConvolutionImpl::MaskedConvolutionImpl(std::int64_t inputs,
                                             std::int64_t outputs,
                                             std::int64_t kernel,
                                             std::int64_t stride,
                                             std::int64_t dilation)
    : kernel_(kernel), stride_(stride), dilation_(dilation) {
  const auto conv = named_level(*this, "conv");
  weight_ = conv->register_parameter("weight", torch::empty({outputs, inputs, kernel}));
  torch::nn::init::xavier_uniform_(weight_);
}

Tensor MaskedConvolutionImpl::forward(const Tensor& x, const Tensor& lengths) {
  return at::conv1d(nn::zero_padding(x, lengths),
                    weight_,
                    /*bias=*/{},
                    stride_,
                    /*padding=*/dilation_ * (kernel_ - 1) / 2,
                    dilation_);
}

JasperBlockImpl::JasperBlockImpl(const JasperBlockConfig& config) : config_(config) {
  add_repeats();
  add_joins();
}

// NeMo counts the activation and the dropout between two convolutions too.
void JasperBlockImpl::add_repeats() {
  constexpr std::int64_t kLayersPerRepeat = 4;
  const auto list = named_level(*this, "mconv");
  for (std::int64_t i = 0; i < config_.repeats; ++i) {
    NormedConvolution layer;
    layer.convolution = list->register_module(
        std::to_string(kLayersPerRepeat * i),
        std::make_shared<MaskedConvolutionImpl>(i == 0 ? config_.inputs : config_.outputs,
                                                config_.outputs,
                                                config_.kernel,
                                                config_.stride,
                                                config_.dilation));
    layer.norm = list->register_module(std::to_string(kLayersPerRepeat * i + 1),
                                       std::make_shared<JasperNormImpl>(config_.outputs));
    repeats_.push_back(layer);
  }
}

void JasperBlockImpl::add_joins() {
  if (config_.joined.empty())
    return;
  const auto list = named_level(*this, "res");
  for (std::size_t i = 0; i < config_.joined.size(); ++i) {
    const auto pair = named_level(*list, std::to_string(i));
    NormedConvolution layer;
    layer.convolution =
        pair->register_module("0",
                              std::make_shared<MaskedConvolutionImpl>(config_.joined[i],
                                                                      config_.outputs,
                                                                      /*kernel=*/1,
                                                                      /*stride=*/1,
                                                                      /*dilation=*/1));
    layer.norm = pair->register_module("1", std::make_shared<JasperNormImpl>(config_.outputs));
    joins_.push_back(layer);
  }
}

Tensor JasperBlockImpl::lengths_after(const Tensor& lengths) const {
  return at::div(lengths + (config_.stride - 1), config_.stride, "floor");
}

Tensor JasperBlockImpl::normed(const NormedConvolution& layer,
                               const Tensor& x,
                               const Tensor& lengths) const {
  return layer.norm->forward(layer.convolution->forward(x, lengths), lengths_after(lengths));
}

Tensor JasperBlockImpl::activate(const Tensor& x) const {
  const Tensor active =
      config_.activation_limit > 0 ? x.clamp(0, config_.activation_limit) : at::relu(x);
  return at::dropout(active, config_.dropout, is_training());
}

Tensor JasperBlockImpl::forward(const Tensor& x,
                                const std::vector<Tensor>& joined,
                                const Tensor& lengths) {
  TORCH_CHECK(joined.size() == joins_.size(), "a block joins what its config says");
  Tensor y = x;
  for (std::size_t i = 0; i < repeats_.size(); ++i) {
    y = normed(repeats_[i], y, lengths);
    if (i + 1 < repeats_.size())
      y = activate(y);
  }
  for (std::size_t i = 0; i < joins_.size(); ++i)
    y = y + normed(joins_[i], joined[i], lengths);
  return activate(y);
}

}  // namespace lipsound2::asr
