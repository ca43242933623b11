#include "lipsound2/nn/norm_relu_pool.h"

#include <cmath>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

#include "lipsound2/nn/length_mask.h"

#include "pool_kernels.h"

// Note [Pool first]
// Normalization is an increasing function of a pixel where the weight is positive and a decreasing
// one where it is negative, and ReLU never decreases. So the maximum of four normalized pixels is
// the normalized maximum (or minimum), and everything after the statistics can work on a quarter of
// the numbers. The forward pass reads x twice; the backward pass reads x once and writes dx once.
// Which pixel was chosen need not be stored: it is the first of its window that equals the extreme.

namespace lipsound2::nn {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast3d;

PictureShape picture_shape(const Tensor& x, const Tensor& lengths) {
  PictureShape shape{.rows = x.size(3), .columns = x.size(4), .channels = x.size(1), .real = {}};
  const auto* length = lengths.const_data_ptr<std::int64_t>();
  for (std::int64_t b = 0; b < x.size(0); ++b)
    for (std::int64_t t = 0; t < x.size(2); ++t)
      shape.real.push_back(t < length[b]);
  return shape;
}

std::vector<float> to_vector(const Tensor& per_channel) {
  const Tensor flat = per_channel.contiguous();
  const auto* first = flat.const_data_ptr<float>();
  return {first, first + flat.numel()};
}

Tensor to_tensor(const std::vector<float>& values) {
  return at::from_blob(const_cast<float*>(values.data()),
                       {static_cast<std::int64_t>(values.size())})
      .clone();
}

struct Moments {
  std::vector<float> mean;
  std::vector<float> var;
  double count = 0;
};

Moments moments_of_real_frames(const float* x, const PictureShape& shape) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const auto real = std::count(shape.real.begin(), shape.real.end(), true);
  Moments moments{std::vector<float>(channels),
                  std::vector<float>(channels),
                  static_cast<double>(real * shape.rows * shape.columns)};
  TORCH_CHECK(real > 0, "batch normalization needs at least one real frame");
  const std::vector<float> shift(x, x + channels);
  const ChannelSums sums = shifted_sums(x, shift, shape);
  for (std::size_t c = 0; c < channels; ++c) {
    const double away = sums.first[c] / moments.count;
    moments.mean[c] = static_cast<float>(shift[c] + away);
    moments.var[c] =
        static_cast<float>(std::max(sums.second[c] / moments.count - away * away, 0.0));
  }
  return moments;
}

void update_running_averages(const NormState& state, const Moments& moments) {
  const double unbiased = moments.count / std::max(moments.count - 1, 1.0);
  state.running_mean.lerp_(to_tensor(moments.mean), state.momentum);
  state.running_var.lerp_(to_tensor(moments.var) * unbiased, state.momentum);
}

Moments next_moments(const float* x, const PictureShape& shape, const NormState& state) {
  if (!state.training)
    return {to_vector(state.running_mean), to_vector(state.running_var), 0};
  Moments moments = moments_of_real_frames(x, shape);
  update_running_averages(state, moments);
  return moments;
}

std::vector<float> inverse_deviations(const std::vector<float>& var, double eps) {
  std::vector<float> result(var.size());
  for (std::size_t c = 0; c < var.size(); ++c)
    result[c] = static_cast<float>(1 / std::sqrt(var[c] + eps));
  return result;
}

ChannelAffine affine_of(const Tensor& weight,
                        const Tensor& bias,
                        const Tensor& mean,
                        const Tensor& inverse) {
  return {to_vector(mean), to_vector(weight * inverse), to_vector(bias)};
}

struct FusedNormReluPool : torch::autograd::Function<FusedNormReluPool> {
  static Tensor forward(torch::autograd::AutogradContext* context,
                        const Tensor& x_any,
                        const Tensor& weight,
                        const Tensor& bias,
                        const Tensor& lengths,
                        const NormState& state) {
    const Tensor x = x_any.contiguous(kChannelsLast);
    const PictureShape shape = picture_shape(x, lengths);
    const Moments moments = next_moments(x.const_data_ptr<float>(), shape, state);
    const Tensor mean = to_tensor(moments.mean);
    const Tensor inverse = to_tensor(inverse_deviations(moments.var, state.eps));
    const Tensor y = at::empty({x.size(0), x.size(1), x.size(2), x.size(3) / 2, x.size(4) / 2},
                               x.options(),
                               kChannelsLast);
    const Tensor extreme = at::empty_like(y);
    pool_frames(x.const_data_ptr<float>(),
                affine_of(weight, bias, mean, inverse),
                shape,
                extreme.mutable_data_ptr<float>(),
                y.mutable_data_ptr<float>());
    context->save_for_backward({x, weight, bias, lengths, extreme, mean, inverse});
    context->saved_data["count"] = moments.count;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &lengths = saved[3];
    const Tensor &extreme = saved[4], &mean = saved[5], &inverse = saved[6];
    const Tensor dy = gradients[0].contiguous(kChannelsLast);
    const PictureShape shape = picture_shape(x, lengths);
    const ChannelAffine affine = affine_of(weight, bias, mean, inverse);
    const UnpoolInput input{
        x.const_data_ptr<float>(), extreme.const_data_ptr<float>(), dy.const_data_ptr<float>()};

    const ChannelSums sums = gradient_sums(input.extreme, input.dy, affine, shape);
    const Tensor d_bias = to_tensor({sums.first.begin(), sums.first.end()});
    const Tensor d_weight = to_tensor({sums.second.begin(), sums.second.end()}) * inverse;
    const double count = context->saved_data["count"].toDouble();
    const Tensor share = count > 0 ? weight * inverse / count : weight * 0;
    const Tensor dx = at::empty_like(x);
    unpool_frames(input,
                  affine,
                  {to_vector(share * d_bias), to_vector(share * inverse * d_weight)},
                  shape,
                  dx.mutable_data_ptr<float>());
    return {dx, d_weight, d_bias, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor norm_relu_pool_composed(const Tensor& x, const Tensor& lengths, const NormState& state) {
  const Tensor normalized = masked_batch_norm(x, lengths, state);
  const Tensor pooled = at::max_pool3d(at::relu(normalized), {1, 2, 2});
  return zero_padding(pooled, lengths);
}

Tensor norm_relu_pool_fused(const Tensor& x, const Tensor& lengths, const NormState& state) {
  TORCH_CHECK(x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 5,
              "expected float [B, C, T, H, W] on the CPU");
  return FusedNormReluPool::apply(x, state.weight, state.bias, lengths, state);
}

Tensor NormReluPoolImpl::forward(const Tensor& x, const Tensor& lengths) {
  if (x.is_cpu() && x.scalar_type() == at::kFloat)
    return norm_relu_pool_fused(x, lengths, next_state());
  return norm_relu_pool_composed(x, lengths, next_state());
}

}  // namespace lipsound2::nn
