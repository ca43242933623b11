#include "lipsound2/lip2mel/decoder.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "decoder_sequence.h"

namespace lipsound2::lip2mel {
namespace {

DecoderConfig tiny_decoder_config() {
  DecoderConfig config;
  config.bands = 3;
  config.frames_per_step = 2;
  config.prenet = 4;
  config.attention = {.dim = 7, .location_filters = 3, .location_kernel = 5};
  config.attention_lstm = 5;
  config.decoder_lstm = 5;
  config.prenet_dropout = 0;
  config.lstm_dropout = 0;
  return config;
}

/// Wide enough for the vector loops, with remainders in every width.
DecoderConfig odd_decoder_config() {
  auto config = tiny_decoder_config();
  config.prenet = 19;
  config.attention = {.dim = 37, .location_filters = 3, .location_kernel = 5};
  config.attention_lstm = 35;
  config.decoder_lstm = 21;
  return config;
}

/// scale * sin(0.7 i + phase) over the flat index i, as in make_decoder_reference.py.
Tensor sines(at::IntArrayRef shape, double phase, double scale) {
  const auto count = c10::multiply_integers(shape);
  return (torch::arange(count, torch::kDouble) * 0.7 + phase).sin().mul(scale).view(shape);
}

void fill_with_sines(DecoderImpl& decoder) {
  const torch::NoGradGuard no_grad;
  double phase = 0;
  for (auto& parameter : decoder.parameters())
    parameter.copy_(sines(parameter.sizes(), phase++, 0.5));
}

Tensor lengths_of(std::vector<std::int64_t> lengths) {
  return torch::tensor(lengths, torch::kLong);
}

std::vector<double> values(const Tensor& tensor) {
  const auto flat = tensor.detach().to(torch::kDouble).contiguous().flatten();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

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

struct ReferenceRun {
  Decoder decoder = nullptr;
  Tensor memory;
  DecoderOutput output;
};

ReferenceRun run_reference(DecoderFeed feed) {
  ReferenceRun run;
  run.decoder = Decoder(tiny_decoder_config(), 6);
  fill_with_sines(*run.decoder);
  run.memory = sines({2, 7, 6}, 0.3, 1.0).to(torch::kFloat).requires_grad_();
  const auto target = sines({2, 8, 3}, 0.6, 1.0).to(torch::kFloat);
  run.output = run.decoder->forward(run.memory, lengths_of({7, 4}), target, feed);
  const auto& [mel, weights] = run.output;
  (mel.square().sum() + (weights * sines(weights.sizes(), 0.9, 1.0)).sum()).backward();
  return run;
}

std::vector<double> gradient_sums(const ReferenceRun& run) {
  std::vector<double> sums = {run.memory.grad().abs().sum().item<double>()};
  for (const auto& parameter : run.decoder->parameters())
    sums.push_back(parameter.grad().abs().sum().item<double>());
  return sums;
}

// PyTorch 2.13.0: python scripts/reference/make_decoder_reference.py, "truth".
TEST(DecoderReference, AgreesWithEagerPyTorchWhenFedTheTruth) {
  using testing::DoubleNear;
  using testing::Pointwise;
  const auto run = run_reference(DecoderFeed::kTruth);
  EXPECT_THAT(values(run.output.mel[1][7]),
              Pointwise(DoubleNear(2e-6), {-0.1489535, 0.7090609, 0.3361669}));
  EXPECT_THAT(
      values(run.output.weights[1][3]),
      Pointwise(DoubleNear(1e-6), {0.2292734, 0.2282917, 0.3401413, 0.2022937, 0.0, 0.0, 0.0}));
  EXPECT_THAT(gradient_sums(run),
              Pointwise(DoubleNear(2e-4),
                        {70.730452,
                         1.28394,
                         1.253941,
                         6.001501,
                         2.247789,
                         6.025236,
                         6.025236,
                         8.361291,
                         85.146101,
                         91.519805,
                         4.719713,
                         6.087412,
                         38.148984,
                         15.377289,
                         27.440171,
                         27.440171,
                         76.999102,
                         51.30818}));
}

// PyTorch 2.13.0: python scripts/reference/make_decoder_reference.py, "own output".
TEST(DecoderReference, AgreesWithEagerPyTorchWhenFedItsOwnOutput) {
  using testing::DoubleNear;
  using testing::Pointwise;
  const auto run = run_reference(DecoderFeed::kOwnOutput);
  EXPECT_THAT(values(run.output.mel[1][7]),
              Pointwise(DoubleNear(2e-6), {-0.1533354, 0.7144016, 0.342187}));
  EXPECT_THAT(
      values(run.output.weights[1][3]),
      Pointwise(DoubleNear(1e-6), {0.2293785, 0.2296383, 0.338688, 0.2022952, 0.0, 0.0, 0.0}));
  EXPECT_THAT(gradient_sums(run),
              Pointwise(DoubleNear(2e-4),
                        {71.429346,
                         0.682425,
                         0.817997,
                         4.416071,
                         2.118256,
                         5.797381,
                         5.797381,
                         8.134479,
                         86.006319,
                         91.989159,
                         5.031565,
                         6.10045,
                         37.59985,
                         15.588348,
                         27.557208,
                         27.557208,
                         77.42498,
                         51.621073}));
}

TEST(Decoder, NamesItsParametersAsTacotron2Does) {
  std::vector<std::string> names;
  for (const auto& item : Decoder(tiny_decoder_config(), 6)->named_parameters())
    names.push_back(item.key());
  EXPECT_THAT(
      names,
      testing::ElementsAre("prenet.layers.0.linear_layer.weight",
                           "prenet.layers.1.linear_layer.weight",
                           "attention_rnn.weight_ih",
                           "attention_rnn.weight_hh",
                           "attention_rnn.bias_ih",
                           "attention_rnn.bias_hh",
                           "attention_layer.query_layer.linear_layer.weight",
                           "attention_layer.memory_layer.linear_layer.weight",
                           "attention_layer.v.linear_layer.weight",
                           "attention_layer.location_layer.location_conv.conv.weight",
                           "attention_layer.location_layer.location_dense.linear_layer.weight",
                           "decoder_rnn.weight_ih",
                           "decoder_rnn.weight_hh",
                           "decoder_rnn.bias_ih",
                           "decoder_rnn.bias_hh",
                           "linear_projection.linear_layer.weight",
                           "linear_projection.linear_layer.bias"));
}

TEST(Decoder, AttentionSumsToOneAndVanishesOnPadding) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto output = decoder->forward(
      torch::randn({2, 9, 18}), lengths_of({9, 4}), torch::randn({2, 12, 3}), DecoderFeed::kTruth);
  EXPECT_EQ(output.weights.sizes(), at::IntArrayRef({2, 6, 9}));
  EXPECT_LT((output.weights.sum(2) - 1).abs().max().item<float>(), 1e-6);
  EXPECT_EQ(output.weights[1].slice(1, 4).abs().max().item<float>(), 0);
}

TEST(Decoder, TargetReachesTheMelOnlyWhenFedTheTruth) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto memory = torch::randn({1, 9, 18});
  const auto mel = [&](double target, DecoderFeed feed) {
    return decoder->forward(memory, lengths_of({9}), torch::full({1, 8, 3}, target), feed).mel;
  };
  EXPECT_TRUE(torch::equal(mel(0, DecoderFeed::kOwnOutput), mel(9, DecoderFeed::kOwnOutput)));
  EXPECT_FALSE(torch::equal(mel(0, DecoderFeed::kTruth), mel(9, DecoderFeed::kTruth)));
}

TEST(Decoder, HearsOnlyTheLastFrameOfThePreviousGroups) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto memory = torch::randn({1, 9, 18});
  auto target = torch::randn({1, 8, 3});
  const auto mel = [&] {
    return decoder->forward(memory, lengths_of({9}), target, DecoderFeed::kTruth).mel;
  };
  const auto before = mel();
  target[0][2].fill_(7);  // the first frame of the second group
  EXPECT_TRUE(torch::equal(mel(), before));
  target[0][3].fill_(7);  // its last
  EXPECT_TRUE(torch::equal(mel().slice(1, 0, 4), before.slice(1, 0, 4)));
  EXPECT_FALSE(torch::equal(mel().slice(1, 4, 6), before.slice(1, 4, 6)));
}

TEST(Decoder, FreeTrainingWithoutDropoutEqualsGenerating) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto memory = torch::randn({2, 9, 18});
  const auto lengths = lengths_of({9, 4});
  const auto trained =
      decoder->forward(memory, lengths, torch::zeros({2, 12, 3}), DecoderFeed::kOwnOutput);
  const auto generated = decoder->generate(memory, lengths, 6, 1);
  EXPECT_TRUE(torch::equal(generated.mel, trained.mel.detach()));
  EXPECT_TRUE(torch::equal(generated.weights, trained.weights.detach()));
  EXPECT_FALSE(generated.mel.requires_grad());
}

DecoderConfig odd_decoder_config_with_dropout() {
  auto config = odd_decoder_config();
  config.prenet_dropout = 0.5;
  config.lstm_dropout = 0.1;
  return config;
}

TEST(Decoder, GeneratesTheSameMelForAClipAloneAndPaddedInABatch) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto clip = torch::randn({1, 7, 18});
  auto batch = torch::randn({3, 12, 18});
  batch[2].slice(0, 0, 7).copy_(clip[0]);
  const auto alone = decoder->generate(clip, lengths_of({7}), 10, 1);
  const auto padded = decoder->generate(batch, lengths_of({12, 9, 7}), 14, 1);
  EXPECT_LT(largest_difference(padded.mel[2].slice(0, 0, 20), alone.mel[0]), 1e-5);
  EXPECT_LT(largest_difference(padded.weights[2].slice(0, 0, 10).slice(1, 0, 7), alone.weights[0]),
            1e-5);
}

TEST(Decoder, GeneratesTheSameTwiceWhateverTheGlobalSeed) {
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto memory = torch::randn({1, 9, 18});
  torch::manual_seed(1);
  const auto first = decoder->generate(memory, lengths_of({9}), 6, 1).mel;
  torch::manual_seed(2);
  EXPECT_TRUE(torch::equal(decoder->generate(memory, lengths_of({9}), 6, 1).mel, first));
}

TEST(Decoder, EachDrawHasItsOwnDropout) {
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto clip = torch::randn({1, 9, 18});
  const auto one = decoder->generate(clip, lengths_of({9}), 6, 1).mel;
  const auto two = decoder->generate(clip.repeat({2, 1, 1}), lengths_of({9, 9}), 6, 2).mel;
  EXPECT_LT(largest_difference(two[0], one[0]), 1e-5);
  EXPECT_GT(largest_difference(two[1], one[0]), 1e-3);
}

TEST(Decoder, TrainingDropoutFollowsTheGlobalSeed) {
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto memory = torch::randn({1, 9, 18});
  const auto target = torch::randn({1, 8, 3});
  const auto mel = [&](std::uint64_t seed) {
    torch::manual_seed(seed);
    return decoder->forward(memory, lengths_of({9}), target, DecoderFeed::kTruth).mel;
  };
  EXPECT_TRUE(torch::equal(mel(1), mel(1)));
  EXPECT_FALSE(torch::equal(mel(1), mel(2)));
}

TEST(Decoder, RefusesWrongShapesAndLengths) {
  Decoder decoder(tiny_decoder_config(), 6);
  const auto memory = torch::randn({2, 7, 6});
  const auto target = torch::randn({2, 8, 3});
  const auto feed = DecoderFeed::kTruth;
  EXPECT_THROW(decoder->forward(torch::randn({2, 7, 5}), lengths_of({7, 7}), target, feed),
               c10::Error);
  EXPECT_THROW(decoder->forward(memory, lengths_of({7, 8}), target, feed), c10::Error);
  EXPECT_THROW(decoder->forward(memory, lengths_of({7, 0}), target, feed), c10::Error);
  EXPECT_THROW(decoder->forward(memory, lengths_of({7, 7}), torch::randn({2, 7, 3}), feed),
               c10::Error);
  EXPECT_THROW(decoder->generate(memory, lengths_of({7, 7}), 0, 1), c10::Error);
}

}  // namespace
}  // namespace lipsound2::lip2mel
