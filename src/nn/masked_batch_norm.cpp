#include "lipsound2/nn/masked_batch_norm.h"

#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/zeros.h>

#include "lipsound2/nn/length_mask.h"

namespace lipsound2::nn {
namespace {

std::vector<std::int64_t> all_but_channels(const Tensor& x) {
  std::vector<std::int64_t> dims{0};
  for (std::int64_t d = 2; d < x.dim(); ++d)
    dims.push_back(d);
  return dims;
}

void update_running(const NormState& state, const Tensor& mean, const Tensor& var, double count) {
  const at::NoGradGuard no_grad;
  const double unbiased = count / std::max(count - 1, 1.0);
  state.running_mean.lerp_(mean, state.momentum);
  state.running_var.lerp_(var * unbiased, state.momentum);
}

Tensor normalize_by_real_frames(const Tensor& x, const Tensor& lengths, const NormState& state) {
  const auto dims = all_but_channels(x);
  const double pixels =
      static_cast<double>(x.numel()) / static_cast<double>(x.size(0) * x.size(1) * x.size(2));
  const double count = static_cast<double>(lengths.sum().item<std::int64_t>()) * pixels;
  const Tensor mean = zero_padding(x, lengths).sum(dims, /*keepdim=*/true) / count;
  const Tensor centered = x - mean;
  const Tensor var = zero_padding(centered, lengths).square().sum(dims, /*keepdim=*/true) / count;
  update_running(state, mean.detach().flatten(), var.detach().flatten(), count);
  return centered * (at::rsqrt(var + state.eps) * state.weight.view_as(var)) +
         state.bias.view_as(var);
}

}  // namespace

Tensor masked_batch_norm(const Tensor& x, const Tensor& lengths, const NormState& state) {
  if (state.training && has_padding(lengths, x.size(2)))
    return normalize_by_real_frames(x, lengths, state);
  return at::batch_norm(x,
                        state.weight,
                        state.bias,
                        state.running_mean,
                        state.running_var,
                        state.training,
                        state.momentum,
                        state.eps,
                        /*cudnn_enabled=*/true);
}

MaskedBatchNormImpl::MaskedBatchNormImpl(std::int64_t channels)
    : weight_(register_parameter("weight", at::ones({channels}))),
      bias_(register_parameter("bias", at::zeros({channels}))),
      running_mean_(register_buffer("running_mean", at::zeros({channels}))),
      running_var_(register_buffer("running_var", at::ones({channels}))),
      num_batches_tracked_(register_buffer("num_batches_tracked", at::zeros({}, at::kLong))) {}

NormState MaskedBatchNormImpl::next_state() {
  if (is_training())
    num_batches_tracked_.add_(1);
  return {.weight = weight_,
          .bias = bias_,
          .running_mean = running_mean_,
          .running_var = running_var_,
          .training = is_training()};
}

Tensor MaskedBatchNormImpl::forward(const Tensor& x, const Tensor& lengths) {
  return masked_batch_norm(x, lengths, next_state());
}

}  // namespace lipsound2::nn
