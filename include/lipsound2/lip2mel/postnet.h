#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/nn/masked_batch_norm.h"

namespace lipsound2::lip2mel {

struct PostnetConfig {
  std::int64_t layers = 5;
  std::int64_t channels = 256;
  std::int64_t kernel = 5;
  double dropout = 0.5;

  void visit(config::FieldVisitor& v);
};

/// Smooths and sharpens the decoder's mel (Shen et al. 2018): Conv1d, norm, tanh, dropout, the last
/// layer without tanh, and the sum of that and its input. Parameters are named as in NVIDIA's
/// Tacotron 2: convolutions.N.0.conv.{weight, bias}, convolutions.N.1.*.
class PostnetImpl final : public torch::nn::Module {
 public:
  PostnetImpl(const PostnetConfig& config, std::int64_t bands);

  /// mel [B, M, bands], lengths [B] int64 on the CPU -> [B, M, bands], zero in padded frames.
  Tensor forward(const Tensor& mel, const Tensor& lengths);

 private:
  struct Layer {
    Tensor weight;
    Tensor bias;
    nn::MaskedBatchNorm norm;
  };
  PostnetConfig config_;
  std::vector<Layer> layers_;

  void add_layer(torch::nn::Module& list, std::int64_t in_channels, std::int64_t out_channels);
};
TORCH_MODULE(Postnet);

}  // namespace lipsound2::lip2mel
