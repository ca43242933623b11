#include "lipsound2/nn/norm_relu_pool.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/nn/length_mask.h"

namespace lipsound2::nn {
namespace {

/// What one forward and backward pass leaves behind.
struct PassResult {
  Tensor y;
  Tensor dx;
  Tensor d_weight;
  Tensor d_bias;
  Tensor running_mean;
  Tensor running_var;
};

using Block = Tensor (*)(const Tensor&, const Tensor&, const NormState&);

PassResult run_block(Block block, const Tensor& picture, const Tensor& lengths, bool training) {
  const auto channels = picture.size(1);
  torch::manual_seed(5);
  const Tensor x = picture.detach().clone().requires_grad_();
  NormState state{.weight = torch::randn({channels}).requires_grad_(),
                  .bias = torch::randn({channels}).mul(0.5).requires_grad_(),
                  .running_mean = torch::randn({channels}),
                  .running_var = torch::rand({channels}) + 0.5,
                  .training = training};
  const Tensor y = block(x, lengths, state);
  y.backward(torch::randn(y.sizes()));
  return {y.detach(),
          x.grad(),
          state.weight.grad(),
          state.bias.grad(),
          state.running_mean,
          state.running_var};
}

void expect_same(const PassResult& a, const PassResult& b) {
  EXPECT_LT((a.y - b.y).abs().max().item<float>(), 2e-5);
  EXPECT_LT((a.dx - b.dx).abs().max().item<float>(), 2e-5);
  EXPECT_LT((a.d_weight - b.d_weight).abs().max().item<float>(), 1e-3);
  EXPECT_LT((a.d_bias - b.d_bias).abs().max().item<float>(), 1e-3);
  EXPECT_LT((a.running_mean - b.running_mean).abs().max().item<float>(), 1e-5);
  EXPECT_LT((a.running_var - b.running_var).abs().max().item<float>(), 1e-5);
}

Tensor pictures(std::int64_t rows, std::int64_t columns) {
  torch::manual_seed(3);
  return torch::randn({3, 6, 4, rows, columns}) * 2 + 1;
}

const Tensor kUnequal = torch::tensor({4, 2, 3}, torch::kLong);
const Tensor kEqual = torch::tensor({4, 4, 4}, torch::kLong);

TEST(NormReluPool, FusedEqualsComposedInTraining) {
  const Tensor x = pictures(6, 8);

  expect_same(run_block(norm_relu_pool_fused, x, kEqual, true),
              run_block(norm_relu_pool_composed, x, kEqual, true));
}

TEST(NormReluPool, FusedEqualsComposedInTrainingWithPaddedFrames) {
  const Tensor x = pictures(6, 8);

  expect_same(run_block(norm_relu_pool_fused, x, kUnequal, true),
              run_block(norm_relu_pool_composed, x, kUnequal, true));
}

TEST(NormReluPool, FusedEqualsComposedOnOddSizes) {
  const Tensor x = pictures(7, 5);

  expect_same(run_block(norm_relu_pool_fused, x, kUnequal, true),
              run_block(norm_relu_pool_composed, x, kUnequal, true));
}

TEST(NormReluPool, FusedEqualsComposedInEvaluation) {
  const Tensor x = pictures(6, 8);

  expect_same(run_block(norm_relu_pool_fused, x, kUnequal, false),
              run_block(norm_relu_pool_composed, x, kUnequal, false));
}

TEST(NormReluPool, EqualPixelsGiveTheGradientToTheFirst) {
  const Tensor x = torch::ones({1, 1, 2, 2, 2});
  const Tensor lengths = torch::tensor({2}, torch::kLong);

  const PassResult fused = run_block(norm_relu_pool_fused, x, lengths, false);

  expect_same(fused, run_block(norm_relu_pool_composed, x, lengths, false));
  EXPECT_EQ(fused.dx.flatten(2).select(2, 3).abs().sum().item<float>(), 0);
}

TEST(NormReluPool, PaddedFramesChangeNothingInTraining) {
  const Tensor x = pictures(6, 8);
  Tensor other = x.clone();
  other[1].slice(1, 2).fill_(100);
  other[2].slice(1, 3).fill_(-50);

  expect_same(run_block(norm_relu_pool_fused, x, kUnequal, true),
              run_block(norm_relu_pool_fused, other, kUnequal, true));
}

TEST(NormReluPool, ComposedAgreesWithPyTorchsModulesWithoutPadding) {
  const Tensor x = pictures(6, 8);
  torch::nn::BatchNorm3d norm(6);

  NormReluPool block(6);
  const Tensor expected = torch::max_pool3d(torch::relu(norm->forward(x)), {1, 2, 2});

  EXPECT_LT((block->forward(x, kEqual) - expected).abs().max().item<float>(), 2e-5);
  const auto buffers = block->named_buffers();
  EXPECT_LT((buffers["running_var"] - norm->running_var).abs().max().item<float>(), 1e-5);
  EXPECT_EQ(buffers["num_batches_tracked"].item<std::int64_t>(), 1);
}

TEST(NormReluPool, StatisticsSurviveALargeMean) {
  const Tensor x = pictures(6, 8) + 3000;

  const PassResult fused = run_block(norm_relu_pool_fused, x, kEqual, true);

  const Tensor expected = x.to(torch::kDouble).transpose(0, 1).flatten(1).var(1) * 0.1;
  torch::manual_seed(5);
  torch::randn({6});
  torch::randn({6});
  torch::randn({6});
  const Tensor before = (torch::rand({6}) + 0.5) * 0.9;
  EXPECT_LT((fused.running_var - before - expected).abs().max().item<double>(), 1e-3);
}

TEST(MaskedBatchNorm, EqualsPyTorchOnTheRealFramesAlone) {
  torch::manual_seed(8);
  const Tensor x = torch::randn({2, 3, 5});
  const Tensor lengths = torch::tensor({5, 2}, torch::kLong);
  torch::nn::BatchNorm1d reference(3);
  const Tensor real = torch::cat({x[0], x[1].slice(1, 0, 2)}, 1);

  MaskedBatchNorm norm(3);
  const Tensor y = norm->forward(x, lengths);

  const Tensor expected = reference->forward(real.t()).t();
  EXPECT_LT((y[0] - expected.slice(1, 0, 5)).abs().max().item<float>(), 1e-5);
  EXPECT_LT((y[1].slice(1, 0, 2) - expected.slice(1, 5, 7)).abs().max().item<float>(), 1e-5);
  EXPECT_LT(
      (norm->named_buffers()["running_var"] - reference->running_var).abs().max().item<float>(),
      1e-6);
}

TEST(LengthMask, IsTrueOnRealFramesOnly) {
  const Tensor mask = length_mask(torch::tensor({2, 0, 3}, torch::kLong), 3, torch::kCPU);

  const Tensor expected = torch::tensor({1, 1, 0, 0, 0, 0, 1, 1, 1}).view({3, 3}).to(torch::kBool);
  EXPECT_TRUE(torch::equal(mask, expected));
}

}  // namespace
}  // namespace lipsound2::nn
