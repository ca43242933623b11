#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "lipsound2/core/tensor.h"

namespace lipsound2::nn {

/// What batch normalization needs besides its input; all tensors [C]. In training the running
/// averages are updated (the variance without bias, as PyTorch does it).
struct NormState {
  Tensor weight;
  Tensor bias;
  Tensor running_mean;
  Tensor running_var;
  double eps = 1e-5;
  double momentum = 0.1;
  bool training = false;
};

/// Batch normalization (Ioffe and Szegedy 2015) of x [B, C, T, ...]: in training by the mean and
/// variance of the real frames alone, else by the running averages. Padded frames of the result are
/// unspecified. lengths: [B] int64 on the CPU.
Tensor masked_batch_norm(const Tensor& x, const Tensor& lengths, const NormState& state);

/// masked_batch_norm() with its parameters, named as in PyTorch's BatchNorm.
class MaskedBatchNormImpl : public torch::nn::Module {
 public:
  explicit MaskedBatchNormImpl(std::int64_t channels);

  /// x [B, C, T, ...], lengths [B] -> like x.
  Tensor forward(const Tensor& x, const Tensor& lengths);

 protected:
  /// The state for one forward pass; counts the batch in training.
  NormState next_state();

 private:
  Tensor weight_;
  Tensor bias_;
  Tensor running_mean_;
  Tensor running_var_;
  Tensor num_batches_tracked_;
};
TORCH_MODULE(MaskedBatchNorm);

}  // namespace lipsound2::nn
