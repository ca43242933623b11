#include "novograd.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <torch/nn/modules/linear.h>

#include "lipsound2/train/checkpoint.h"
#include "lipsound2/train/weight_updater.h"

#include "schedule.h"

namespace lipsound2::train {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

// Five updates of a matrix (decayed) and a bias (not decayed), each a layer, at factors on the
// learning rate.
std::vector<float> updated_by_novograd(double weight_factor, double bias_factor) {
  const Tensor values = at::tensor({0.5F, -1.0F, 2.0F, 0.25F, 0.1F, -0.2F});
  const Tensor decayed = at::tensor({1.0F, 1.0F, 1.0F, 1.0F, 0.0F, 0.0F});
  const Tensor gradient = at::tensor({1.0F, -0.5F, 0.001F, 3.0F, 0.3F, -4.0F});
  NovoGrad optimizer(
      values, decayed, {{0, 4, weight_factor}, {4, 6, bias_factor}}, {.weight_decay = 0.1});
  for (int step = 0; step < 5; ++step) {
    const Tensor factor = decayed * (step - 1.5) + (1 - decayed) * (2.0 - step);
    optimizer.update(gradient * factor, 0.01 * (step + 1), step + 1);
  }
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

// NumPy 2.4.6: scripts/reference/make_novograd_reference.py.
TEST(NovoGradReference, AgreesWithACalculationStepByStep) {
  const std::vector<float> expected = {
      0.462810051F, -0.943460904F, 1.89880378F, 0.201670354F, 0.0925805117F, -0.101073489F};
  EXPECT_THAT(updated_by_novograd(1, 1), Pointwise(FloatNear(1e-6F), expected));
}

TEST(NovoGradReference, AgreesAtOtherRatesForParts) {
  const std::vector<float> expected = {
      0.496304148F, -0.994335611F, 1.98982161F, 0.245273217F, 0.0851610233F, -0.00214697746F};
  EXPECT_THAT(updated_by_novograd(0.1, 2), Pointwise(FloatNear(1e-6F), expected));
}

TEST(NovoGrad, GoesOnFromACheckpoint) {
  const TrainConfig config{.optimizer = OptimizerKind::kNovoGrad, .weight_decay = 0.01, .ema = 0};
  torch::nn::Linear linear(2, 2), other(2, 2);
  WeightUpdater updater(*linear, config), resumed(*other, config);
  const auto update = [](torch::nn::Linear& network, WeightUpdater& by, std::int64_t step) {
    by.zero_gradients();
    network->forward(at::tensor({1.0F, static_cast<float>(step) - 2.0F})).square().sum().backward();
    by.update(0.02, step);
  };
  for (std::int64_t step = 0; step < 3; ++step)
    update(linear, updater, step);

  TensorFile content;
  updater.store(content);
  resumed.load(content, "a.safetensors");
  update(linear, updater, 3);
  update(other, resumed, 3);

  EXPECT_TRUE(content.tensors.contains("optimizer.second_moment.weight"));
  EXPECT_TRUE(linear->weight.equal(other->weight));
  EXPECT_TRUE(linear->bias.equal(other->bias));
}

TEST(Schedule, FallsByTheSquareOfWhatIsLeft) {
  const TrainConfig config{.learning_rate = 0.02,
                           .warmup_steps = 0,
                           .decay = RateDecay::kPolynomial,
                           .final_learning_rate = 1e-5};

  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 0), 0.02);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 50, 0.5), 1e-5 + (0.02 - 1e-5) / 4);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 100, 1), 1e-5);
}

}  // namespace
}  // namespace lipsound2::train
