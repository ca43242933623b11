#include "lipsound2/vocoder/waveglow.h"

#include <cmath>
#include <map>

#include <ATen/Functions.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

#include "waveglow_inverse.h"
#include "wavenet.h"

// Expected numbers of WaveGlowReference: scripts/reference/make_waveglow_reference.py, PyTorch
// 2.13.0 on a CPU.

namespace lipsound2::vocoder {
namespace {

Tensor number_wave(at::IntArrayRef shape, double phase) {
  const auto count = c10::multiply_integers(shape);
  return at::sin(0.37 * at::arange(count, at::kDouble) + phase).to(at::kFloat).view(shape);
}

audio::MelConfig small_mels(std::int64_t hop, std::int64_t bands) {
  return {.fft = 64, .window = 2 * hop, .hop = hop, .bands = bands};
}

/// The weights of the script.
void fill_as_reference(WaveGlow& network) {
  const at::NoGradGuard no_grad;
  std::map<std::string, Tensor> tensors;
  for (const auto& item : network->named_parameters())
    tensors[item.key()] = item.value();
  double phase = 0;
  for (auto& [name, tensor] : tensors) {
    const Tensor value = number_wave(tensor.sizes(), phase++);
    if (name.starts_with("convinv"))
      tensor.copy_(at::eye(tensor.size(0)).unsqueeze(2) + 0.2 * value);
    else if (name.ends_with("weight_g"))
      tensor.copy_(0.7 + 0.2 * value);
    else
      tensor.copy_(0.3 * value);
  }
}

/// First value and sum of squares of the gradient of a parameter.
struct ExpectedGradient {
  std::string name;
  double first;
  double squares;
};

/// What the script prints.
struct ReferenceNumbers {
  std::vector<double> latents;
  double latent_squares;
  double log_scale;
  double nll;
  std::vector<ExpectedGradient> gradients;
  std::vector<double> sound;
  double sound_squares;
};

void expect_first(const Tensor& values, const std::vector<double>& first, double squares) {
  const Tensor flat = values.detach().contiguous().flatten();
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_NEAR(flat[static_cast<std::int64_t>(i)].item<double>(), first[i], 1e-4);
  EXPECT_NEAR(flat.square().sum().item<double>() / squares, 1, 1e-4);
}

void expect_reference(WaveGlowConfig config, const ReferenceNumbers& expected) {
  config.group = 4;
  config.flows = 4;
  config.early_every = 2;
  config.early_size = 2;
  config.channels = 5;
  config.layers = 3;
  WaveGlow network(config, small_mels(/*hop=*/8, /*bands=*/3));
  fill_as_reference(network);
  const Tensor mel = number_wave({2, 6, 3}, 0.3) - 4;

  const WaveGlowOutput output = network->forward(mel, 0.5 * number_wave({2, 48}, 1.1));
  const Tensor nll = output.negative_log_likelihood(0.8);
  nll.backward();
  const Tensor sound = network->inverse(mel, number_wave({2, 12, 4}, 2.0));

  expect_first(output.latents, expected.latents, expected.latent_squares);
  EXPECT_NEAR(output.log_scale.item<double>(), expected.log_scale, 1e-3);
  EXPECT_NEAR(output.log_determinant.item<double>(), -1.2648, 1e-4);
  EXPECT_NEAR(nll.item<double>(), expected.nll, 1e-5);
  for (const ExpectedGradient& gradient : expected.gradients) {
    const Tensor found = network->named_parameters()[gradient.name].grad();
    EXPECT_NEAR(
        found.flatten()[0].item<double>(), gradient.first, 1e-4 * std::sqrt(gradient.squares))
        << gradient.name;
    EXPECT_NEAR(found.square().sum().item<double>() / gradient.squares, 1, 1e-4) << gradient.name;
  }
  expect_first(sound, expected.sound, expected.sound_squares);
}

TEST(WaveGlowReference, WithATransposedConvolution) {
  expect_reference({.mel_window = 20},
                   {{-0.030788, 0.335278, 0.172544, -0.87515, 0.34068, -0.033788},
                    55.41919,
                    -30.66202,
                    1.479368,
                    {{"WN.0.res_skip_layers.0.weight_v", 0.0009062844, 0.01396583},
                     {"WN.0.start.weight_v", -0.03110587, 0.001375749},
                     {"WN.1.cond_layer.weight_g", 0.004365114, 5.485632e-05},
                     {"WN.2.in_layers.1.weight_v", -0.000576177, 0.000292493},
                     {"WN.3.in_layers.0.bias", -0.001034471, 0.0001649846},
                     {"convinv.1.conv.weight", -0.2895623, 0.2608067},
                     {"upsample.weight", 0.01265988, 0.03286027}},
                    {2.440373, 1.283762, -0.132078, 2.567337, -0.627484, -0.94684},
                    404.22986});
}

TEST(WaveGlowReference, WithALinearMelPath) {
  expect_reference({.mel_path = MelPath::kLinear, .mel_channels = 4},
                   {{-0.04193, 0.346595, 0.167909, -0.701725, 0.323825, -0.021605},
                    47.73312,
                    -32.74984,
                    1.438567,
                    {{"WN.0.res_skip_layers.0.weight_v", -0.003139939, 0.001430189},
                     {"WN.0.start.weight_v", -0.03365773, 0.002063606},
                     {"WN.1.cond_layer.weight_g", -0.0006845154, 2.109987e-06},
                     {"WN.2.in_layers.1.weight_v", -0.001372883, 0.0005556243},
                     {"WN.3.in_layers.0.bias", -0.001762069, 0.0002894914},
                     {"convinv.1.conv.weight", -0.2907372, 0.2597636},
                     {"mel.0.weight", -0.0008757305, 9.479607e-05}},
                    {2.286832, 1.263913, 0.013357, 1.813544, -0.68622, -0.949629},
                    336.83817});
}

/// Weights with which the couplings do something, but nothing explodes.
void shake(WaveGlow& network) {
  const at::NoGradGuard no_grad;
  for (const auto& item : network->named_parameters())
    if (item.key().find(".end.") != std::string::npos)
      item.value().normal_(0, 0.05);
}

struct RandomCase {
  WaveGlowConfig config;
  std::int64_t hop;
  std::int64_t bands;
  std::int64_t clips;
  std::int64_t frames;
};

RandomCase random_case(Rng& rng) {
  RandomCase made;
  WaveGlowConfig& config = made.config;
  config.group = 2 * (1 + rng.below(6));
  config.flows = 1 + rng.below(6);
  config.early_every = 1 + rng.below(4);
  const std::int64_t leaving = (config.flows - 1) / config.early_every;
  config.early_size = leaving > 0 ? (config.group - 2) / leaving / 2 * 2 : 2;
  config.channels = 1 + rng.below(24);
  config.layers = 1 + rng.below(5);
  config.mel_path = rng.chance(0.5) ? MelPath::kLinear : MelPath::kTransposed;
  config.mel_channels = 1 + rng.below(8);
  made.hop = config.group * (1 + rng.below(4));
  config.mel_window = made.hop * (1 + rng.below(3)) + rng.below(5);
  config.mixing = rng.chance(0.5) ? Mixing::kRotation : Mixing::kWhitening;
  made.bands = 1 + rng.below(7);
  made.clips = 1 + rng.below(3);
  made.frames = 1 + rng.below(40);
  return made;
}

TEST(WaveGlow, ForwardAndInverseRestoreTheSamplesOverFiftyRandomConfigurations) {
  const at::NoGradGuard no_grad;
  Rng rng(1);
  for (int i = 0; i < 50; ++i) {
    SCOPED_TRACE(i);
    at::manual_seed(static_cast<std::uint64_t>(i));
    const RandomCase made = random_case(rng);
    WaveGlow network(made.config, small_mels(made.hop, made.bands));
    shake(network);
    const Tensor mel = at::randn({made.clips, made.frames, made.bands}) - 4;
    const Tensor samples = 0.3 * at::randn({made.clips, made.frames * made.hop});

    const Tensor latents = network->forward(mel, samples).latents;
    const Tensor restored = network->inverse(mel, latents);
    const WaveGlowInverse fast(*network);
    const Tensor features = network->features(mel);

    EXPECT_GT((latents.reshape_as(samples) - samples).abs().max().item<double>(), 1e-3);
    EXPECT_LT((restored - samples).abs().max().item<double>(), 1e-4);
    for (std::int64_t b = 0; b < made.clips; ++b)
      EXPECT_LT((fast(features[b].contiguous(), latents[b].contiguous()) - samples[b])
                    .abs()
                    .max()
                    .item<double>(),
                1e-4);
  }
}

TEST(WaveGlowInverse, EqualsTheComposedOneOverManyBlocks) {
  const at::NoGradGuard no_grad;
  at::manual_seed(3);
  for (const MelPath path : {MelPath::kTransposed, MelPath::kLinear}) {
    WaveGlow network(
        WaveGlowConfig{.flows = 3, .early_every = 2, .channels = 32, .layers = 8, .mel_path = path},
        small_mels(/*hop=*/32, /*bands=*/5));
    shake(network);
    const Tensor mel = at::randn({1, 300, 5}) - 4;
    const Tensor latents = at::randn({1, 1200, 8});

    const Tensor expected = network->inverse(mel, latents);
    const Tensor found =
        WaveGlowInverse(*network)(network->features(mel)[0].contiguous(), latents[0]);

    EXPECT_GT(expected.abs().max().item<double>(), 0.5);
    EXPECT_LT((found - expected[0]).abs().max().item<double>(), 1e-4);
  }
}

TEST(WaveNet, FusedAndComposedAgreeWithTheirGradients) {
  constexpr std::pair<std::int64_t, std::int64_t> kSizes[] = {{7, 21}, {21, 21}, {12, 84}};
  for (const auto& [frames, steps] : kSizes) {
    for (const std::int64_t layers : {1, 4}) {
      at::manual_seed(5);
      WaveNetImpl net({.inputs = 3, .features = 6, .channels = 10, .layers = layers});
      {
        const at::NoGradGuard no_grad;
        for (const auto& item : net.named_parameters())
          if (item.key().starts_with("end"))
            item.value().normal_();
      }
      const Tensor x = at::randn({4, steps, 3}).requires_grad_();
      const Tensor features = at::randn({4, frames, 6}).requires_grad_();
      const Tensor weight = at::randn({4, steps, 6});
      std::vector<Tensor> results[2];

      for (const int way : {0, 1}) {
        const Tensor y = way == 0 ? wavenet_composed(net.weights(), x, features)
                                  : wavenet(net.weights(), x, features);
        std::vector<Tensor> inputs = net.parameters();
        inputs.push_back(x);
        inputs.push_back(features);
        for (Tensor& input : inputs)
          input.mutable_grad() = Tensor();
        (y * weight).sum().backward();
        results[way].push_back(y.detach());
        for (const Tensor& input : inputs)
          results[way].push_back(input.grad().clone());
      }

      for (std::size_t i = 0; i < results[0].size(); ++i)
        EXPECT_LT((results[0][i] - results[1][i]).abs().max().item<double>(),
                  1e-4 * (1 + results[0][i].abs().max().item<double>()))
            << "tensor " << i << " with " << layers << " layers and " << frames << " frames";
    }
  }
}

TEST(WaveGlow, HasTheNamesAndShapesOfThePublishedCheckpoints) {
  const WaveGlow network(WaveGlowConfig{},
                         audio::MelConfig{.sample_rate = 22050, .window = 1024, .hop = 256});
  const auto parameters = network->named_parameters();
  const std::map<std::string, std::vector<std::int64_t>> expected = {
      {"upsample.weight", {80, 80, 1024}},
      {"upsample.bias", {80}},
      {"convinv.0.conv.weight", {8, 8, 1}},
      {"convinv.4.conv.weight", {6, 6, 1}},
      {"convinv.11.conv.weight", {4, 4, 1}},
      {"WN.0.start.weight_g", {256, 1, 1}},
      {"WN.0.start.weight_v", {256, 4, 1}},
      {"WN.11.start.weight_v", {256, 2, 1}},
      {"WN.0.cond_layer.weight_v", {4096, 640, 1}},
      {"WN.0.in_layers.7.weight_v", {512, 256, 3}},
      {"WN.0.in_layers.7.bias", {512}},
      {"WN.0.res_skip_layers.0.weight_v", {512, 256, 1}},
      {"WN.0.res_skip_layers.7.weight_v", {256, 256, 1}},
      {"WN.0.end.weight", {8, 256, 1}},
      {"WN.11.end.bias", {4}}};

  for (const auto& [name, shape] : expected) {
    ASSERT_TRUE(parameters.contains(name)) << name;
    EXPECT_EQ(parameters[name].sizes(), shape) << name;
  }
  // 2 of upsample, 12 of convinv; per flow 3 of start, 3 of cond_layer, 8 times 6 of layers, 2 of
  // end.
  EXPECT_EQ(parameters.size(), 2 + 12 + 12 * (3 + 3 + 8 * 6 + 2));
}

TEST(WaveGlow, BeginsByWhiteningTheSound) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  WaveGlow network(WaveGlowConfig{.group = 8,
                                  .flows = 1,
                                  .channels = 4,
                                  .layers = 2,
                                  .mel_path = MelPath::kLinear,
                                  .mixing = Mixing::kWhitening},
                   small_mels(/*hop=*/16, /*bands=*/3));
  const Tensor samples = at::randn({1, 16000}).cumsum(1) * 0.01;

  network->whiten(samples.view({-1, 8}));
  const Tensor latents =
      network->forward(at::zeros({1, 1000, 3}), samples).latents.reshape({-1, 8});

  const Tensor covariance = at::mm(latents.t(), latents) / 2000;
  EXPECT_LT((covariance - at::eye(8)).abs().max().item<double>(), 0.05);
}

TEST(WaveGlow, RefusesGroupsThatDoNotDivideTheHop) {
  try {
    WaveGlow network(WaveGlowConfig{.group = 6}, audio::MelConfig{});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "group must divide audio.hop, but is 6 for a hop of 160");
  }
}

}  // namespace
}  // namespace lipsound2::vocoder
