#include "lipsound2/asr/jasper.h"

#include <string>

#include <torch/torch.h>

#include "jasper_block.h"

namespace lipsound2::asr {

void JasperConfig::visit(config::FieldVisitor& v) {
  v.field("features", features, "mel bands of the input", {1, 4096});
  v.field("repeats", repeats, "convolutions per block", {1, 64});
  v.field("kernels", kernels, "odd width of the convolutions, per block", {1, 511});
  v.field("channels", channels, "width of each block", {1, 65536});
  v.field("dropout_percent", dropout_percent, "dropout of each block", {0, 95});
  v.field("prologue_kernel", prologue_kernel, "odd width of the first convolution", {1, 511});
  v.field("prologue_channels", prologue_channels, "its channels", {1, 65536});
  v.field("prologue_dropout_percent", prologue_dropout_percent, "its dropout", {0, 95});
  v.field("epilogue_kernel", epilogue_kernel, "odd width behind the blocks", {1, 511});
  v.field("epilogue_channels", epilogue_channels, "its channels", {1, 65536});
  v.field("epilogue_dilation", epilogue_dilation, "its step between frames", {1, 64});
  v.field("last_channels", last_channels, "of the 1x1 convolution before the output", {1, 65536});
  v.field("epilogue_dropout_percent", epilogue_dropout_percent, "dropout of both", {0, 95});
  v.field("activation_limit", activation_limit, "ReLU is cut off there; 0: nowhere", {0, 1e6});
  v.check(!kernels.empty() && kernels.size() == channels.size() &&
              kernels.size() == dropout_percent.size(),
          "kernels",
          "kernels, channels and dropout_percent must have one number per block each");
  for (const std::int64_t kernel : kernels)
    v.check(kernel % 2 == 1, "kernels", "kernels must be odd");
  v.check(prologue_kernel % 2 == 1, "prologue_kernel", "kernels must be odd");
  v.check(epilogue_kernel % 2 == 1, "epilogue_kernel", "kernels must be odd");
}

namespace {

constexpr double kPercent = 0.01;

std::vector<JasperBlockConfig> block_configs(const JasperConfig& config) {
  std::vector<JasperBlockConfig> blocks;
  std::vector<std::int64_t> joined;
  const auto add = [&](JasperBlockConfig block, std::int64_t dropout_percent) {
    block.inputs = blocks.empty() ? config.features : blocks.back().outputs;
    block.dropout = kPercent * static_cast<double>(dropout_percent);
    block.activation_limit = config.activation_limit;
    blocks.push_back(std::move(block));
  };
  add({.outputs = config.prologue_channels,
       .kernel = config.prologue_kernel,
       .stride = JasperImpl::kStride},
      config.prologue_dropout_percent);
  for (std::size_t i = 0; i < config.kernels.size(); ++i) {
    joined.push_back(blocks.back().outputs);
    add({.outputs = config.channels[i],
         .kernel = config.kernels[i],
         .repeats = config.repeats,
         .joined = joined},
        config.dropout_percent[i]);
  }
  add({.outputs = config.epilogue_channels,
       .kernel = config.epilogue_kernel,
       .dilation = config.epilogue_dilation},
      config.epilogue_dropout_percent);
  add({.outputs = config.last_channels}, config.epilogue_dropout_percent);
  return blocks;
}

}  // namespace

JasperImpl::JasperImpl(const JasperConfig& config, std::int64_t outputs) : outputs_(outputs) {
  const auto list = named_level(*named_level(*this, "encoder"), "encoder");
  for (const JasperBlockConfig& block : block_configs(config))
    blocks_.push_back(list->register_module(std::to_string(blocks_.size()),
                                            std::make_shared<JasperBlockImpl>(block)));
  const auto layers = named_level(*named_level(*this, "decoder"), "decoder_layers");
  const auto layer = named_level(*layers, "0");
  weight_ = layer->register_parameter("weight", torch::empty({outputs, config.last_channels, 1}));
  bias_ = layer->register_parameter("bias", torch::zeros({outputs}));
  torch::nn::init::xavier_uniform_(weight_);
}

JasperImpl::~JasperImpl() = default;

JasperImpl::Output JasperImpl::forward(const Tensor& features, const Tensor& lengths) {
  TORCH_CHECK(features.dim() == 3, "features are [B, bands, T]");
  Tensor left = lengths;
  std::vector<Tensor> outputs;  // of the prologue and the blocks so far
  Tensor x = features;
  const std::size_t joining_end = blocks_.size() - 2;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const bool joins = i > 0 && i < joining_end;
    x = blocks_[i]->forward(x, joins ? outputs : std::vector<Tensor>(), left);
    left = blocks_[i]->lengths_after(left);
    outputs.push_back(x);
  }
  const Tensor scores = at::conv1d(x, weight_, bias_);
  return {at::log_softmax(scores.transpose(1, 2), /*dim=*/2), left};
}

}  // namespace lipsound2::asr
