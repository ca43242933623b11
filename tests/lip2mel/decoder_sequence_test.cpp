#include "decoder_sequence.h"

#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "lip2mel/decoder_cases.h"

namespace lipsound2::lip2mel {
namespace {

/// A decoder in double, its weights and one task whose every optional part is present.
struct DecoderCase {
  std::vector<Tensor> weights;
  DecoderTask task;
  std::int64_t frames_per_step = 0;
};

DecoderCase make_case(const DecoderConfig& config, DecoderFeed feed) {
  torch::manual_seed(3);
  Decoder decoder(config, 18);
  decoder->to(torch::kDouble);
  DecoderCase given;
  for (const auto& parameter : decoder->parameters())
    given.weights.push_back(parameter.detach().mul(1.5).requires_grad_());
  given.frames_per_step = config.frames_per_step;
  auto& task = given.task;
  task.memory = torch::randn({3, 9, 18}, torch::kDouble).requires_grad_();
  task.lengths = lengths_of({9, 4, 7});
  task.steps = 6;
  task.bands = config.bands;
  if (feed == DecoderFeed::kTruth)
    task.truth = torch::randn({6, 3, config.bands}, torch::kDouble);
  const auto mask = [](std::int64_t width) {
    return torch::rand({6, 3, width}, torch::kDouble).gt(0.3).to(torch::kDouble).div(0.7);
  };
  task.masks = {mask(config.prenet),
                mask(config.prenet),
                mask(config.attention_lstm),
                mask(config.decoder_lstm)};
  return given;
}

using TensorPair = std::pair<Tensor, Tensor>;

TensorPair plain_lstm(const Tensor& x, const TensorPair& state, const std::vector<Tensor>& w) {
  const auto gates =
      (torch::matmul(x, w[0].t()) + w[2] + torch::matmul(state.first, w[1].t()) + w[3]).chunk(4, 1);
  const auto cell = gates[1].sigmoid() * state.second + gates[0].sigmoid() * gates[2].tanh();
  return {gates[3].sigmoid() * cell.tanh(), cell};
}

/// The state of the plain decoder below.
struct PlainState {
  TensorPair first, second;
  Tensor context, weights, cumulative, frame;
};

PlainState plain_start(const DecoderCase& given) {
  const auto& memory = given.task.memory;
  const auto zeros = [&](std::int64_t width) {
    return torch::zeros({memory.size(0), width}, memory.options().requires_grad(false));
  };
  const auto units1 = given.weights[3].size(1);
  const auto units2 = given.weights[12].size(1);
  return {{zeros(units1), zeros(units1)},
          {zeros(units2), zeros(units2)},
          zeros(memory.size(2)),
          zeros(memory.size(1)),
          zeros(memory.size(1)),
          zeros(given.task.bands)};
}

void plain_attention(const DecoderCase& given, PlainState& state) {
  const auto& w = given.weights;
  const auto past = torch::stack({state.weights, state.cumulative}, 1);
  const auto filtered = torch::conv1d(past, w[9], {}, 1, w[9].size(2) / 2).transpose(1, 2);
  const auto sum = torch::matmul(state.first.first, w[6].t()).unsqueeze(1) +
                   torch::matmul(given.task.memory, w[7].t()) + torch::matmul(filtered, w[10].t());
  const auto padding = torch::arange(past.size(2)).unsqueeze(0) >= given.task.lengths.unsqueeze(1);
  const auto energies = torch::matmul(sum.tanh(), w[8].flatten()).masked_fill(padding, -INFINITY);
  state.weights = energies.softmax(1);
  state.cumulative = state.cumulative + state.weights;
  state.context = torch::bmm(state.weights.unsqueeze(1), given.task.memory).squeeze(1);
}

/// The decoder step by step with LibTorch's own operators and autograd.
TensorPair plain_decode(const DecoderCase& given) {
  const auto& w = given.weights;
  const auto& masks = given.task.masks;
  auto state = plain_start(given);
  std::vector<Tensor> mels, maps;
  for (std::int64_t t = 0; t < given.task.steps; ++t) {
    const auto heard = given.task.truth.defined() ? given.task.truth[t] : state.frame.detach();
    const auto hidden = torch::matmul(heard, w[0].t()).relu() * masks.prenet_first[t];
    const auto prenet = torch::matmul(hidden, w[1].t()).relu() * masks.prenet_second[t];
    state.first =
        plain_lstm(torch::cat({prenet, state.context}, 1), state.first, {w[2], w[3], w[4], w[5]});
    state.first.first = state.first.first * masks.lstm1[t];
    plain_attention(given, state);
    state.second = plain_lstm(torch::cat({state.first.first, state.context}, 1),
                              state.second,
                              {w[11], w[12], w[13], w[14]});
    state.second.first = state.second.first * masks.lstm2[t];
    mels.push_back(torch::matmul(torch::cat({state.second.first, state.context}, 1), w[15].t()) +
                   w[16]);
    state.frame = mels.back().slice(1, -given.task.bands);
    maps.push_back(state.weights);
  }
  return {torch::stack(mels), torch::stack(maps)};
}

/// Gradients of the memory and of all weights for a loss that feels every output.
std::vector<Tensor> gradients_of(const TensorPair& outputs, const DecoderCase& given) {
  const auto loss = outputs.first.square().sum() +
                    (outputs.second * sines(outputs.second.sizes(), 0.9, 1.0)).sum();
  auto inputs = given.weights;
  inputs.push_back(given.task.memory);
  return torch::autograd::grad({loss}, inputs);
}

DecoderCase in_float(const DecoderCase& given) {
  const auto to_float = [](const Tensor& x) {
    return x.defined() ? x.detach().to(torch::kFloat) : x;
  };
  auto result = given;
  for (auto& weight : result.weights)
    weight = to_float(weight).requires_grad_();
  auto& task = result.task;
  task.memory = to_float(task.memory).requires_grad_();
  task.truth = to_float(task.truth);
  task.masks = {to_float(task.masks.prenet_first),
                to_float(task.masks.prenet_second),
                to_float(task.masks.lstm1),
                to_float(task.masks.lstm2)};
  return result;
}

/// Compares outputs and gradients of the sequence with those of the plain loop in double.
void expect_like_plain(const DecoderCase& tested, const DecoderCase& plain, double tolerance) {
  const auto expected = plain_decode(plain);
  const auto outputs = decode_sequence(tested.task, DecoderWeights::from(tested.weights));
  EXPECT_LT(largest_difference(outputs.first, expected.first), tolerance);
  EXPECT_LT(largest_difference(outputs.second, expected.second), tolerance);
  const auto expected_gradients = gradients_of(expected, plain);
  const auto gradients = gradients_of(outputs, tested);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const auto scale = 1 + expected_gradients[i].abs().max().item<double>();
    EXPECT_LT(largest_difference(gradients[i], expected_gradients[i]), tolerance * scale)
        << "gradient of input " << i;
  }
}

TEST(DecoderSequence, MatchesAPlainLoopInDoubleWhenFedTheTruth) {
  const auto given = make_case(odd_decoder_config(), DecoderFeed::kTruth);
  expect_like_plain(given, given, 1e-10);
}

TEST(DecoderSequence, MatchesAPlainLoopInDoubleWhenFedItsOwnOutput) {
  const auto given = make_case(odd_decoder_config(), DecoderFeed::kOwnOutput);
  expect_like_plain(given, given, 1e-10);
}

TEST(DecoderSequence, FusedKernelsMatchAPlainLoopWhenFedTheTruth) {
  const auto given = make_case(odd_decoder_config(), DecoderFeed::kTruth);
  auto tested = in_float(given);
  tested.task.kernels = KernelChoice::kFused;
  expect_like_plain(tested, given, 2e-5);
}

TEST(DecoderSequence, FusedKernelsMatchAPlainLoopWhenFedTheirOwnOutput) {
  const auto given = make_case(odd_decoder_config(), DecoderFeed::kOwnOutput);
  auto tested = in_float(given);
  tested.task.kernels = KernelChoice::kFused;
  expect_like_plain(tested, given, 2e-5);
}

TEST(DecoderSequence, AtenKernelsMatchAPlainLoopInFloat) {
  const auto given = make_case(odd_decoder_config(), DecoderFeed::kTruth);
  auto tested = in_float(given);
  tested.task.kernels = KernelChoice::kAten;
  expect_like_plain(tested, given, 2e-5);
}

TEST(DecoderSequence, RunsWithoutMasks) {
  auto given = make_case(odd_decoder_config(), DecoderFeed::kTruth);
  auto ones = given;
  given.task.masks = {};
  for (auto* mask : {&ones.task.masks.prenet_first,
                     &ones.task.masks.prenet_second,
                     &ones.task.masks.lstm1,
                     &ones.task.masks.lstm2})
    mask->fill_(1);
  expect_like_plain(given, ones, 1e-10);
}

TEST(DecoderSequence, GivesTheSameGradientsTwiceFromAKeptGraph) {
  auto given = in_float(make_case(odd_decoder_config(), DecoderFeed::kTruth));
  const auto outputs = decode_sequence(given.task, DecoderWeights::from(given.weights));
  const auto loss = outputs.first.square().sum() + outputs.second.square().sum();
  const auto once = torch::autograd::grad({loss}, given.weights, {}, /*retain_graph=*/true);
  const auto twice = torch::autograd::grad({loss}, given.weights);
  for (std::size_t i = 0; i < once.size(); ++i)
    EXPECT_TRUE(torch::equal(once[i], twice[i])) << "gradient of weight " << i;
}

TEST(DecoderKernels, RefuseFusedOnDoubleTensors) {
  auto given = make_case(odd_decoder_config(), DecoderFeed::kTruth);
  given.task.kernels = KernelChoice::kFused;
  EXPECT_THROW(run_decoder(given.task, DecoderWeights::from(given.weights)), c10::Error);
}

}  // namespace
}  // namespace lipsound2::lip2mel
