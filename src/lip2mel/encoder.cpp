#include "lipsound2/lip2mel/encoder.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/empty.h>

#include "lipsound2/nn/length_mask.h"

#include "layer_list.h"

// Note [Fewer, wider pixels]
// Vector units want many channels, and a gray picture has one. A convolution of stride 2 equals one
// of stride 1 over 2x2 blocks of pixels taken as channels: the kernel of 5 taps, padded to 6,
// becomes 3 taps over 4 times the channels.

namespace lipsound2::lip2mel {
namespace {

constexpr std::int64_t kFirstKernel = 5;
constexpr std::int64_t kKernel = 3;
/// Pictures with fewer channels than this gain from Note [Fewer, wider pixels].
constexpr std::int64_t kFewChannels = 3;

/// [B, C, T, H, W] -> [B, 4 C, T, H / 2, W / 2], channels last in memory.
Tensor blocks_to_channels(const Tensor& x) {
  const auto B = x.size(0), C = x.size(1), T = x.size(2), H = x.size(3), W = x.size(4);
  const Tensor blocks = x.reshape({B, C, T, H / 2, 2, W / 2, 2}).permute({0, 2, 3, 5, 1, 4, 6});
  return blocks.reshape({B, T, H / 2, W / 2, 4 * C}).permute({0, 4, 1, 2, 3});
}

/// The weights [O, C, 5, 5, 5] of a stride of 2, for blocks_to_channels(): [O, 4 C, 5, 3, 3].
Tensor weights_for_blocks(const Tensor& weight) {
  const auto O = weight.size(0), C = weight.size(1), taps = weight.size(2);
  const Tensor even = at::constant_pad_nd(weight, {0, 1, 0, 1});
  return even.view({O, C, taps, 3, 2, 3, 2})
      .permute({0, 1, 4, 6, 2, 3, 5})
      .reshape({O, 4 * C, taps, 3, 3});
}

/// CPUs convolve faster with channels last, also because the next step wants them so.
Tensor for_device(const Tensor& x) {
  return x.is_cpu() ? x.contiguous(at::MemoryFormat::ChannelsLast3d) : x;
}

Tensor convolve_first(const Tensor& x, const Tensor& weight, std::int64_t channels) {
  if (x.size(1) == channels)
    return at::conv3d(x, for_device(weight), {}, {1, 2, 2}, {2, 2, 2});
  return at::conv3d(x, for_device(weights_for_blocks(weight)), {}, {1, 1, 1}, {2, 1, 1});
}

Tensor convolve(const Tensor& x, const Tensor& weight) {
  if (weight.size(2) == kFirstKernel)
    return convolve_first(x, weight, weight.size(1));
  return at::conv3d(x, for_device(weight), {}, {1, 1, 1}, {1, 1, 1});
}

/// He et al. 2015, for ReLU.
Tensor initial_kernel(at::IntArrayRef shape) {
  const auto inputs = static_cast<double>(shape[1] * shape[2] * shape[3] * shape[4]);
  return at::empty(shape).normal_(0, std::sqrt(2 / inputs));
}

}  // namespace

void EncoderConfig::visit(config::FieldVisitor& v) {
  v.field("face_channels", face_channels, "1 for gray, 3 for color", {1, 3});
  v.field("face_size", face_size, "rows and columns of the pictures fed in", {8, 512});
  v.field("face_mean", face_mean, "subtracted from pixels in [0, 1]", {0, 1});
  v.field("face_deviation", face_deviation, "what pixels are divided by then", {0.01, 1});
  v.field("channels", channels, "channels of each convolution", {1, 4096});
  v.field("dropout", dropout, "share of features dropped before the LSTM", {0, 0.95});
  v.field("lstm", lstm, "width of the LSTM per direction", {1, 4096});
  v.check(face_channels != 2, "face_channels", "must be 1 or 3");
  v.check(face_size % 2 == 0, "face_size", "must be even");
  v.check(!channels.empty(), "channels", "must name at least one convolution");
  v.check(
      size_after(channels.size()) >= 1, "channels", "so many halvings leave no pixel of a face");
}

std::int64_t EncoderConfig::size_after(std::size_t layers) const {
  std::int64_t size = face_size / 2;
  for (std::size_t layer = 0; layer < layers; ++layer)
    size /= 2;
  return size;
}

std::int64_t EncoderConfig::features() const {
  const std::int64_t size = size_after(channels.size());
  return channels.back() * size * size;
}

EncoderBlockImpl::EncoderBlockImpl(std::int64_t in_channels,
                                   std::int64_t out_channels,
                                   std::int64_t kernel)
    : norm_(out_channels) {
  weight_ = add_level(*add_level(*this, "0"), "conv")
                ->register_parameter(
                    "weight", initial_kernel({out_channels, in_channels, kernel, kernel, kernel}));
  register_module("1", norm_);
}

Tensor EncoderBlockImpl::forward(const Tensor& x, const Tensor& lengths) {
  return norm_->forward(convolve(x, weight_), lengths);
}

EncoderImpl::EncoderImpl(const EncoderConfig& config)
    : config_(config), lstm_(config.features(), config.lstm) {
  const auto convolutions = add_level(*this, "convolutions");
  std::int64_t in_channels = config.face_channels;
  for (std::size_t layer = 0; layer < config.channels.size(); ++layer) {
    const std::int64_t kernel = layer == 0 ? kFirstKernel : kKernel;
    blocks_.emplace_back(in_channels, config.channels[layer], kernel);
    convolutions->register_module(std::to_string(layer), blocks_.back());
    in_channels = config.channels[layer];
  }
  register_module("lstm", lstm_);
}

Tensor EncoderImpl::normalized(const Tensor& faces, const Tensor& lengths) const {
  const bool few = faces.is_cpu() && config_.face_channels < kFewChannels;
  const Tensor pixels = for_device(few ? blocks_to_channels(faces) : faces).to(at::kFloat);
  const double scale = 1 / (255 * config_.face_deviation);
  return nn::zero_padding(pixels.mul_(scale).sub_(config_.face_mean / config_.face_deviation),
                          lengths);
}

Tensor EncoderImpl::forward(const Tensor& faces, const Tensor& lengths) {
  TORCH_CHECK(faces.dim() == 5 && faces.scalar_type() == at::kByte &&
                  faces.size(1) == config_.face_channels && faces.size(3) == config_.face_size &&
                  faces.size(4) == config_.face_size,
              "faces are uint8 [B, ",
              config_.face_channels,
              ", T, ",
              config_.face_size,
              ", ",
              config_.face_size,
              "], not ",
              faces.scalar_type(),
              " ",
              faces.sizes());
  Tensor x = normalized(faces, lengths);
  for (auto& block : blocks_)
    x = block->forward(x, lengths);
  const Tensor features = x.transpose(1, 2).flatten(2);
  return lstm_->forward(at::dropout(features, config_.dropout, is_training()), lengths);
}

}  // namespace lipsound2::lip2mel
