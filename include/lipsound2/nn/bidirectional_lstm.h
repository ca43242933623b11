#pragma once

#include <cstdint>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "lipsound2/core/tensor.h"

namespace lipsound2::nn {

/// One LSTM layer in both directions over clips of unequal lengths; the parameters are named and
/// laid out as in PyTorch's LSTM. Biases of the forget gates start at 1 (Jozefowicz et al. 2015).
class BidirectionalLstmImpl final : public torch::nn::Module {
 public:
  BidirectionalLstmImpl(std::int64_t input_size, std::int64_t hidden_size);

  /// x [B, T, input_size], lengths [B] int64 on the CPU and in [1, T] -> [B, T, 2 * hidden_size],
  /// zero in padded frames.
  Tensor forward(const Tensor& x, const Tensor& lengths);

 private:
  std::int64_t hidden_size_;
  std::vector<Tensor> weights_;

  void add_direction(std::int64_t input_size, const char* suffix);
  Tensor forward_packed(const Tensor& x, const Tensor& lengths);
};
TORCH_MODULE(BidirectionalLstm);

}  // namespace lipsound2::nn
