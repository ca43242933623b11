#pragma once

#include "lipsound2/nn/masked_batch_norm.h"

namespace lipsound2::nn {

/// Batch normalization over the real frames, ReLU and MaxPool (1, 2, 2) of x [B, C, T, H, W]
/// -> [B, C, T, H / 2, W / 2]; padded frames of the result are zero. Composed of ATen operations
/// that run on every device.
Tensor norm_relu_pool_composed(const Tensor& x, const Tensor& lengths, const NormState& state);

/// The same on the CPU, float32, in the memory format channels_last_3d, as one step of autograd
/// that moves x as seldom as possible. See Note [Pool first].
Tensor norm_relu_pool_fused(const Tensor& x, const Tensor& lengths, const NormState& state);

/// Norm, ReLU and pooling with parameters; fused wherever it can be.
class NormReluPoolImpl final : public MaskedBatchNormImpl {
 public:
  using MaskedBatchNormImpl::MaskedBatchNormImpl;

  /// x [B, C, T, H, W], lengths [B] int64 on the CPU -> [B, C, T, H / 2, W / 2].
  Tensor forward(const Tensor& x, const Tensor& lengths);
};
TORCH_MODULE(NormReluPool);

}  // namespace lipsound2::nn
