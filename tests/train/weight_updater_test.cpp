#include "lipsound2/train/weight_updater.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include "lipsound2/core/error.h"

#include "adamw.h"
#include "schedule.h"

namespace lipsound2::train {
namespace {

std::vector<float> numbers(const Tensor& tensor) {
  const Tensor flat = tensor.detach().contiguous().flatten();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

::testing::Matcher<std::vector<float>> near(const std::vector<float>& expected) {
  return ::testing::Pointwise(::testing::FloatNear(1e-6F), expected);
}

void run_backward(torch::nn::Linear& linear) {
  linear->forward(at::ones({1, 3})).sum().backward();
}

// Five updates of a matrix (decayed) and a bias (not decayed), at factors on the learning rate.
std::vector<float> updated_by_adamw(double weight_factor, double bias_factor) {
  const Tensor values = at::tensor({0.5F, -1.0F, 2.0F, 0.25F, 0.1F, -0.2F});
  const Tensor decayed = at::tensor({1.0F, 1.0F, 1.0F, 1.0F, 0.0F, 0.0F});
  const Tensor gradient = at::tensor({1.0F, -0.5F, 0.001F, 3.0F, 0.3F, -4.0F});
  AdamW optimizer(
      values, decayed, {{0, 4, weight_factor}, {4, 6, bias_factor}}, {.weight_decay = 0.1});
  for (int step = 0; step < 5; ++step) {
    const Tensor factor = decayed * (step - 1.5) + (1 - decayed) * (2.0 - step);
    optimizer.update(gradient * factor, 0.01 * (step + 1), step + 1);
  }
  return numbers(values);
}

TEST(AdamWReference, AgreesWithPyTorch) {
  // torch 2.13.0+cpu, torch.optim.AdamW: scripts/reference/make_train_reference.py.
  EXPECT_THAT(
      updated_by_adamw(1, 1),
      near({0.504650056F, -0.997192502F, 1.9822768F, 0.258378714F, 0.0451064892F, -0.145106494F}));
}

TEST(AdamWReference, AgreesWithPyTorchAtOtherRatesForParts) {
  // torch 2.13.0+cpu, torch.optim.AdamW: scripts/reference/make_train_reference.py.
  EXPECT_THAT(updated_by_adamw(0.1, 2),
              near({0.500501156F,
                    -0.999751806F,
                    1.99825263F,
                    0.250876009F,
                    -0.00978702772F,
                    -0.0902129933F}));
}

TEST(WeightUpdaterReference, ClipsAsPyTorchDoes) {
  // torch 2.13.0+cpu, clip_grad_norm_: scripts/reference/make_train_reference.py.
  torch::nn::Linear linear(torch::nn::LinearOptions(3, 1).bias(false));
  WeightUpdater updater(*linear, {.clip_norm = 1.0});
  linear->weight.mutable_grad().copy_(at::tensor({3.0F, 4.0F, 12.0F}).view({1, 3}));

  const Tensor norm = updater.clip();

  EXPECT_FLOAT_EQ(norm.item<float>(), 13);
  EXPECT_THAT(numbers(linear->weight.grad()), near({0.230769217F, 0.307692289F, 0.923076868F}));
}

TEST(WeightUpdater, LeavesGradientsAloneWithoutALimit) {
  torch::nn::Linear linear(3, 1);
  WeightUpdater updater(*linear, {.clip_norm = 0});
  linear->bias.mutable_grad().fill_(100);

  updater.clip();

  EXPECT_EQ(linear->bias.grad().item<float>(), 100);
}

TEST(WeightUpdater, AveragesTheWeights) {
  torch::nn::Linear linear(torch::nn::LinearOptions(3, 1).bias(false));
  const at::NoGradGuard no_grad;
  linear->weight.fill_(1);
  WeightUpdater updater(*linear, {.weight_decay = 0, .ema = 0.15});
  std::vector<float> weights;

  for (int step = 0; step < 3; ++step) {
    linear->weight.mutable_grad().fill_(1);
    updater.update(0.1, step);
    weights.push_back(linear->weight[0][0].item<float>());
  }

  // a = d a + (1 - d) w, with d = min(0.15, (1 + step) / (10 + step)) = 0.1, 0.15, 0.15.
  double average = 0.1 * 1 + 0.9 * weights[0];
  average = 0.15 * average + 0.85 * weights[1];
  average = 0.15 * average + 0.85 * weights[2];
  {
    const WeightUpdater::Averaged averaged(updater);
    EXPECT_NEAR(linear->weight[0][0].item<float>(), average, 1e-6);
  }
  EXPECT_EQ(linear->weight[0][0].item<float>(), weights[2]);
  EXPECT_GT(std::abs(average - weights[2]), 1e-3);
}

TEST(WeightUpdater, CopiesBuffersIntoTheStoredAverage) {
  torch::nn::BatchNorm1d norm(2);
  WeightUpdater updater(*norm, {});
  norm->running_mean.fill_(7);

  TensorFile content;
  updater.store(content);

  EXPECT_EQ(content.tensors.at("ema.running_mean")[0].item<float>(), 7);
  EXPECT_EQ(content.tensors.at("model.running_mean")[0].item<float>(), 7);
}

TEST(WeightUpdater, StartsTheAverageAtTheWeightsOfACheckpointWithoutOne) {
  torch::nn::Linear source(3, 1);
  WeightUpdater without(*source, {.ema = 0});
  TensorFile content;
  without.store(content);
  torch::nn::Linear target(3, 1);
  WeightUpdater updater(*target, {.ema = 0.9});

  updater.load(content, "a.safetensors");

  const WeightUpdater::Averaged averaged(updater);
  EXPECT_TRUE(at::equal(target->weight, source->weight));
}

TEST(FlatParameters, KeepValuesAndShapes) {
  torch::nn::Linear linear(3, 2);
  const Tensor before = linear->weight.detach().clone();

  const FlatParameters flat(*linear);

  EXPECT_TRUE(at::equal(linear->weight, before));
  EXPECT_EQ(linear->weight.const_data_ptr(), flat.values().const_data_ptr());
}

TEST(FlatParameters, ShowChangesOnBothSides) {
  torch::nn::Linear linear(3, 2);
  const FlatParameters flat(*linear);

  flat.values().fill_(4);

  EXPECT_EQ(linear->bias[1].item<float>(), 4);
}

TEST(FlatParameters, CollectGradientsAfterTheModuleClearedThem) {
  torch::nn::Linear linear(3, 2);
  FlatParameters flat(*linear);
  linear->train();
  run_backward(linear);
  linear->zero_grad();

  run_backward(linear);

  EXPECT_EQ(flat.gradients().sum().item<float>(), 8);  // six weights and two biases, each 1
  EXPECT_TRUE(linear->bias.grad().is_same(linear->bias.grad()));
  EXPECT_EQ(flat.split(flat.gradients()).at("bias").const_data_ptr(),
            linear->bias.grad().const_data_ptr());
}

TEST(FlatParameters, AddUpGradientsUntilTheyAreZeroed) {
  torch::nn::Linear linear(3, 2);
  FlatParameters flat(*linear);

  run_backward(linear);
  run_backward(linear);
  const float twice = flat.gradients().sum().item<float>();
  flat.zero_gradients();
  run_backward(linear);

  EXPECT_EQ(twice, 16);
  EXPECT_EQ(flat.gradients().sum().item<float>(), 8);
}

TEST(FlatParameters, TreatAParameterWithoutGradientAsZero) {
  torch::nn::Linear linear(3, 2);
  FlatParameters flat(*linear);
  flat.gradients().fill_(9);
  linear->zero_grad();

  EXPECT_EQ(flat.split(flat.gradients()).at("weight").abs().sum().item<float>(), 0);
}

TEST(FlatParameters, LeaveFrozenParametersOut) {
  torch::nn::Linear linear(3, 2);
  linear->weight.set_requires_grad(false);

  const FlatParameters flat(*linear);

  EXPECT_EQ(flat.split(flat.values()).size(), 1U);
}

TEST(FlatParameters, DecayMatricesButNotBiases) {
  torch::nn::Linear linear(3, 2);
  const FlatParameters flat(*linear);

  const Tensor mask = flat.decayed();

  EXPECT_EQ(flat.split(mask).at("weight").min().item<float>(), 1);
  EXPECT_EQ(mask.sum().item<float>(), 6);
}

// encoder.{weight, bias, lstm.weight, lstm.bias}, encoders.weight, head.weight
struct Network : torch::nn::Module {
  Network() {
    encoder = register_module("encoder", torch::nn::Linear(3, 2));
    lstm = encoder->register_module("lstm", torch::nn::Linear(2, 2));
    encoders = register_module("encoders", biasless());
    head = register_module("head", biasless());
  }
  static torch::nn::Linear biasless() {
    return torch::nn::Linear(torch::nn::LinearOptions(2, 1).bias(false));
  }

  torch::nn::Linear encoder = nullptr;
  torch::nn::Linear lstm = nullptr;
  torch::nn::Linear encoders = nullptr;
  torch::nn::Linear head = nullptr;
};

// The factor of each parameter's first element.
std::map<std::string, double> factors_of(Network& network,
                                         const std::map<std::string, double>& factors) {
  const FlatParameters flat(network);
  std::map<std::string, double> found;
  const float* const first = flat.values().const_data_ptr<float>();
  for (const auto& [name, tensor] : flat.split(flat.values()))
    for (const RateRange& range : flat.rate_ranges(factors))
      if (const auto place = tensor.const_data_ptr<float>() - first;
          place >= range.begin && place < range.end)
        found[name] = range.factor;
  return found;
}

TEST(FlatParameters, GiveEachPartTheFactorOfItsLongestName) {
  Network network;

  EXPECT_EQ(factors_of(network, {{"encoder", 0.1}, {"encoder.lstm", 0.5}, {"head", 1.0}}),
            (std::map<std::string, double>{{"encoder.weight", 0.1},
                                           {"encoder.bias", 0.1},
                                           {"encoder.lstm.weight", 0.5},
                                           {"encoder.lstm.bias", 0.5},
                                           {"encoders.weight", 1},
                                           {"head.weight", 1}}));
}

TEST(FlatParameters, AreOneRangeWithoutFactorsAndFewOtherwise) {
  Network network;
  const FlatParameters flat(network);

  ASSERT_EQ(flat.rate_ranges({}).size(), 1U);
  EXPECT_EQ(flat.rate_ranges({}).front().begin, 0);
  EXPECT_EQ(flat.rate_ranges({}).front().end, flat.values().numel());
  EXPECT_EQ(flat.rate_ranges({{"encoder", 0.1}}).size(), 2U);
}

TEST(WeightUpdater, LeavesFrozenPartsOutOfAllItDoes) {
  Network network;
  const Tensor weight = network.encoder->weight.detach().clone();
  const Tensor inner = network.lstm->bias.detach().clone();
  WeightUpdater updater(network, {.weight_decay = 1, .ema = 0.5, .freeze = {"encoder"}});

  for (int step = 0; step < 3; ++step) {
    updater.zero_gradients();
    const Tensor hidden = network.lstm->forward(network.encoder->forward(at::ones({1, 3})));
    (network.head->forward(hidden) + network.encoders->forward(hidden)).sum().backward();
    updater.clip();
    updater.update(0.1, step);
  }
  TensorFile content;
  updater.store(content);

  EXPECT_FALSE(network.encoder->weight.grad().defined());
  EXPECT_TRUE(at::equal(network.encoder->weight, weight));
  EXPECT_TRUE(at::equal(network.lstm->bias, inner));
  EXPECT_TRUE(at::equal(content.tensors.at("ema.encoder.weight"), weight));
  EXPECT_FALSE(content.tensors.contains("optimizer.first_moment.encoder.weight"));
  EXPECT_TRUE(content.tensors.contains("optimizer.first_moment.head.weight"));
  EXPECT_FALSE(at::equal(content.tensors.at("ema.head.weight"), network.head->weight));
}

std::string parts_error(const TrainConfig& config) {
  try {
    check_parts(Network(), config);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    return error.what();
  }
  return "";
}

TEST(CheckParts, NamesThePartsThereAre) {
  EXPECT_EQ(parts_error({.freeze = {"encoder.lstm", "head"}}), "");
  EXPECT_EQ(
      parts_error({.freeze = {"encodr"}, .part_learning_rate = {{"encoder.gru", 2}}}),
      "train.freeze: the network has no part 'encodr'; there are encoder, encoders, head\n"
      "train.part_learning_rate: the network has no part 'encoder.gru'; there is encoder.lstm");
  EXPECT_EQ(parts_error({.freeze = {"head.weight"}}),
            "train.freeze: the network has no part 'head.weight'; there are none below head");
  EXPECT_EQ(parts_error({.freeze = {"encoder", "encoders", "head"}}),
            "train.freeze: [encoder, encoders, head] leaves nothing to train");
}

TEST(Schedule, RisesLinearly) {
  const TrainConfig config = {.steps = 100, .learning_rate = 1e-3, .warmup_steps = 4};

  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 0), 0.25e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 3, 0), 1e-3);
}

TEST(ScheduleReference, FallsAsPyTorchsCosine) {
  // torch 2.13.0+cpu, CosineAnnealingLR: scripts/reference/make_train_reference.py.
  const TrainConfig config = {
      .steps = 100, .learning_rate = 1e-3, .warmup_steps = 0, .final_learning_rate = 1e-5};

  EXPECT_NEAR(learning_rate_at(config, 0, 0.00), 0.001, 1e-12);
  EXPECT_NEAR(learning_rate_at(config, 25, 0.25), 0.000855017857, 1e-12);
  EXPECT_NEAR(learning_rate_at(config, 50, 0.50), 0.000505, 1e-12);
  EXPECT_NEAR(learning_rate_at(config, 99, 0.99), 1.02442526e-05, 1e-12);
}

TEST(Schedule, FollowsWhateverHasComeFarther) {
  const TrainConfig config = {.steps = 100, .max_minutes = 10};

  EXPECT_DOUBLE_EQ(progress_at(config, 20, 8), 0.8);
  EXPECT_DOUBLE_EQ(progress_at(config, 90, 8), 0.9);
  EXPECT_DOUBLE_EQ(progress_at(config, 90, 11), 1.0);
}

TEST(Schedule, IgnoresTimeWithoutALimit) {
  EXPECT_DOUBLE_EQ(progress_at({.steps = 100}, 20, 1e9), 0.2);
}

}  // namespace
}  // namespace lipsound2::train
