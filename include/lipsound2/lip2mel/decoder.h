#pragma once

#include <cstdint>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/pimpl.h>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::lip2mel {

/// Location-aware attention (Chorowski et al. 2015), as Tacotron 2 uses it (Shen et al. 2018).
struct AttentionConfig {
  std::int64_t dim = 128;
  std::int64_t location_filters = 32;
  std::int64_t location_kernel = 31;

  void visit(config::FieldVisitor& v);
};

struct DecoderConfig {
  std::int64_t bands = 80;
  std::int64_t frames_per_step = 2;
  std::int64_t prenet = 256;
  AttentionConfig attention;
  std::int64_t attention_lstm = 1024;
  std::int64_t decoder_lstm = 1024;
  double prenet_dropout = 0.5;
  double lstm_dropout = 0.1;

  void visit(config::FieldVisitor& v);
};

/// What the decoder hears of its past while it trains: the true last frame of each previous group,
/// or the one that it made itself (detached: no gradient flows through the fed frame).
enum class DecoderFeed { kTruth, kOwnOutput };

struct DecoderOutput {
  Tensor mel;      ///< [B, steps * frames_per_step, bands]
  Tensor weights;  ///< [B, steps, T] attention; each row sums to one and is zero on padding
};

/// The autoregressive decoder of Tacotron 2 without its stop token:
///
///     last frame > prenet > LSTM > attention over the memory > LSTM > linear > r frames
///                            ^______________|  context and previous weights
///
/// The whole sequence is one node of the autograd graph with a backward pass written by hand.
/// Parameter names are those of NVIDIA's Tacotron 2 (`decoder.*` there).
class DecoderImpl final : public torch::nn::Module {
 public:
  /// memory_size: width D of the memory.
  DecoderImpl(const DecoderConfig& config, std::int64_t memory_size);

  /// memory [B, T, D], memory_lengths [B] int64 on the CPU and in [1, T], target_mel
  /// [B, steps * frames_per_step, bands]. Dropout is drawn from LibTorch's generator; that of the
  /// LSTMs only in training, that of the prenet always. The target's values are read only when
  /// `feed` is kTruth.
  DecoderOutput forward(const Tensor& memory,
                        const Tensor& memory_lengths,
                        const Tensor& target_mel,
                        const DecoderFeed& feed);

  /// Decodes freely, without gradients. The rows are `draws` equal blocks; each has a prenet
  /// dropout of its own, from a fixed seed, the same for every row of the block. So a clip's mel
  /// depends neither on its batch nor on its padding, and the first steps of a long run equal
  /// those of a short one.
  DecoderOutput generate(const Tensor& memory,
                         const Tensor& memory_lengths,
                         std::int64_t steps,
                         std::int64_t draws);

  const DecoderConfig& config() const { return config_; }

 private:
  DecoderConfig config_;
  std::int64_t memory_size_;
  torch::nn::Linear prenet_first_;
  torch::nn::Linear prenet_second_;
  torch::nn::LSTMCell attention_rnn_;
  torch::nn::Linear query_;
  torch::nn::Linear memory_;
  torch::nn::Linear v_;
  torch::nn::Conv1d location_conv_;
  torch::nn::Linear location_dense_;
  torch::nn::LSTMCell decoder_rnn_;
  torch::nn::Linear projection_;

  std::vector<Tensor> weights() const;
};
TORCH_MODULE(Decoder);

}  // namespace lipsound2::lip2mel
