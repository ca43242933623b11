#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/nn/bidirectional_lstm.h"
#include "lipsound2/nn/norm_relu_pool.h"

namespace lipsound2::lip2mel {

struct EncoderConfig {
  std::int64_t face_channels = 1;
  std::int64_t face_size = 64;
  double face_mean = 0.45;
  double face_deviation = 0.225;
  std::vector<std::int64_t> channels = {24, 48, 96, 128};
  double dropout = 0.3;
  std::int64_t lstm = 192;

  void visit(config::FieldVisitor& v);

  /// Rows (and columns) of a picture after `layers` convolution blocks.
  std::int64_t size_after(std::size_t layers) const;
  /// Width of the LSTM's input.
  std::int64_t features() const;
  /// Width of the encoder's output.
  std::int64_t width() const { return 2 * lstm; }
};

/// A convolution over time, rows and columns without bias, norm, ReLU and pooling. The first block
/// has a 5x5x5 kernel and halves rows and columns, the others have a 3x3x3 kernel.
class EncoderBlockImpl final : public torch::nn::Module {
 public:
  EncoderBlockImpl(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel);

  /// x [B, C, T, H, W], zero in padded frames -> [B, out_channels, T, H', W'], the same.
  Tensor forward(const Tensor& x, const Tensor& lengths);

 private:
  Tensor weight_;
  nn::NormReluPool norm_;
};
TORCH_MODULE(EncoderBlock);

/// From pictures of a face to what the decoder attends to:
///
///     uint8 faces > normalize > 4 x (Conv3d, norm, ReLU, pool) > flatten per frame > dropout >
///     BLSTM
///
/// Parameters: convolutions.N.0.conv.weight [C_out, C_in, time, rows, columns],
/// convolutions.N.1.{weight, bias, running_mean, ...} and lstm.* as in PyTorch.
class EncoderImpl final : public torch::nn::Module {
 public:
  explicit EncoderImpl(const EncoderConfig& config);

  /// faces [B, C, T, H, W] uint8, lengths [B] int64 on the CPU -> [B, T, 2 * lstm], zero in padded
  /// frames. The pictures get no gradient.
  Tensor forward(const Tensor& faces, const Tensor& lengths);

 private:
  EncoderConfig config_;
  std::vector<EncoderBlock> blocks_;
  nn::BidirectionalLstm lstm_;

  Tensor normalized(const Tensor& faces, const Tensor& lengths) const;
};
TORCH_MODULE(Encoder);

}  // namespace lipsound2::lip2mel
