#include "lipsound2/asr/jasper.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"

// Expected numbers of JasperReference: scripts/reference/make_jasper_reference.py, PyTorch 2.13.0
// on a CPU.

namespace lipsound2::asr {
namespace {

constexpr std::int64_t kOutputs = 4;

JasperConfig small_jasper() {
  return {.features = 5,
          .repeats = 2,
          .kernels = {3, 5},
          .channels = {4, 6},
          .dropout_percent = {0, 0},
          .prologue_kernel = 3,
          .prologue_channels = 4,
          .prologue_dropout_percent = 0,
          .epilogue_kernel = 3,
          .epilogue_channels = 5,
          .last_channels = 7,
          .epilogue_dropout_percent = 0,
          .activation_limit = 2.5};
}

Tensor sine_wave(at::IntArrayRef shape, double phase) {
  const auto count = c10::multiply_integers(shape);
  return at::sin(0.37 * at::arange(count, at::kDouble) + phase).to(at::kFloat).view(shape);
}

/// The weights of the script.
void fill_as_script(Jasper& network) {
  const at::NoGradGuard no_grad;
  std::map<std::string, Tensor> tensors;
  for (const auto& item : network->named_parameters())
    tensors[item.key()] = item.value();
  double phase = 0;
  for (auto& [name, tensor] : tensors) {
    const bool is_scale = tensor.dim() == 1 && name.ends_with("weight");
    tensor.copy_(0.5 * sine_wave(tensor.sizes(), phase++) + (is_scale ? 1 : 0));
  }
}

/// First value and sum of squares of the gradient of a parameter, or of the features.
struct JasperGradient {
  std::string name;
  double first;
  double squares;
};

/// Log-probabilities of the last frame of either clip, and the sum of squares over all real frames.
struct JasperLogProbs {
  std::vector<double> first_clip;
  std::vector<double> second_clip;
  double squares;
};

struct JasperNumbers {
  JasperLogProbs trained;
  JasperLogProbs evaluated;
  std::vector<JasperGradient> gradients;
};

std::vector<Tensor> real_frames(const JasperImpl::Output& output) {
  std::vector<Tensor> clips;
  for (std::int64_t i = 0; i < output.log_probs.size(0); ++i)
    clips.push_back(output.log_probs[i].slice(0, 0, output.lengths[i].item<std::int64_t>()));
  return clips;
}

void expect_log_probs(const JasperImpl::Output& output, const JasperLogProbs& expected) {
  const std::vector<Tensor> clips = real_frames(output);
  for (std::int64_t k = 0; k < kOutputs; ++k) {
    const auto column = static_cast<std::size_t>(k);
    EXPECT_NEAR(clips[0][-1][k].item<double>(), expected.first_clip[column], 1e-4);
    EXPECT_NEAR(clips[1][-1][k].item<double>(), expected.second_clip[column], 1e-4);
  }
  EXPECT_NEAR(torch::cat(clips).square().sum().item<double>() / expected.squares, 1, 1e-4);
}

void expect_jasper(const Tensor& lengths, const JasperNumbers& expected) {
  Jasper network(small_jasper(), kOutputs);
  fill_as_script(network);
  Tensor features = sine_wave({2, 5, 13}, 0.3);
  features.set_requires_grad(true);

  const auto output = network->forward(features, lengths);
  const std::vector<Tensor> clips = real_frames(output);
  const Tensor weights = sine_wave({2, 7, kOutputs}, 1.1);
  Tensor loss = torch::zeros({});
  for (std::int64_t i = 0; i < 2; ++i) {
    const Tensor& clip = clips[static_cast<std::size_t>(i)];
    loss = loss + (clip * weights[i].slice(0, 0, clip.size(0))).sum();
  }
  loss.backward();

  expect_log_probs(output, expected.trained);
  for (const JasperGradient& gradient : expected.gradients) {
    const Tensor found = gradient.name == "features"
                             ? features.grad()
                             : network->named_parameters()[gradient.name].grad();
    const double scale = std::sqrt(gradient.squares);
    EXPECT_NEAR(found.flatten()[0].item<double>(), gradient.first, 1e-4 * scale) << gradient.name;
    EXPECT_NEAR(found.square().sum().item<double>() / gradient.squares, 1, 1e-4) << gradient.name;
  }
  network->eval();
  expect_log_probs(network->forward(features, lengths), expected.evaluated);
}

TEST(JasperReference, PaddedClipsGiveWhatTheyGiveAlone) {
  expect_jasper(torch::tensor({std::int64_t{13}, std::int64_t{8}}),
                {{{-1.158359, -2.834983, -0.679554, -2.116636},
                  {-1.158359, -2.834983, -0.679554, -2.116636},
                  254.7457},
                 {{-1.631385, -5.409182, -0.234595, -4.713282},
                  {-1.379984, -5.010851, -0.320861, -4.121025},
                  552.6895},
                 {{"features", 0.0582355, 9.275713},
                  {"encoder.encoder.0.mconv.0.conv.weight", 0.1386973, 17.07943},
                  {"encoder.encoder.1.mconv.1.weight", 0.201234, 0.2391358},
                  {"encoder.encoder.2.res.0.0.conv.weight", -2.06558, 15.85304},
                  {"encoder.encoder.2.res.1.1.bias", 1.342436, 5.847163},
                  {"encoder.encoder.2.mconv.4.conv.weight", 0.211845, 70.23862},
                  {"encoder.encoder.3.mconv.0.conv.weight", 1.991343, 71.77445},
                  {"decoder.decoder_layers.0.weight", 0.07165281, 31.10551}}});
}

TEST(JasperReference, ClipsOfOneLength) {
  expect_jasper(torch::tensor({std::int64_t{13}, std::int64_t{13}}),
                {{{-1.109123, -3.124664, -0.643189, -2.296734},
                  {-1.440441, -4.339017, -0.320721, -3.709024},
                  327.1429},
                 {{-1.621960, -5.394863, -0.237268, -4.691906},
                  {-1.483479, -5.182619, -0.281130, -4.373284},
                  695.138},
                 {{"features", -0.4183318, 101.954},
                  {"encoder.encoder.0.mconv.0.conv.weight", -1.029946, 121.9284},
                  {"encoder.encoder.1.mconv.1.weight", -0.02660325, 2.836194},
                  {"encoder.encoder.2.res.0.0.conv.weight", 0.1443822, 9.557836},
                  {"encoder.encoder.2.res.1.1.bias", 2.030731, 6.313434},
                  {"encoder.encoder.2.mconv.4.conv.weight", -0.6355782, 374.6629},
                  {"encoder.encoder.3.mconv.0.conv.weight", 0.4850897, 362.5813},
                  {"decoder.decoder_layers.0.weight", -0.07161502, 26.8366}}});
}

TEST(Jasper, HasThePublishedSizesByDefault) {
  std::int64_t parameters = 0;
  const Jasper network(JasperConfig{}, 29);
  for (const Tensor& parameter : network->parameters())
    parameters += parameter.numel();
  // Li et al. 2019: Jasper DR 10x5 has 333 million parameters.
  EXPECT_EQ((parameters + 500'000) / 1'000'000, 333);
}

TEST(JasperConfig, NamesEvenKernelsAndListsOfUnequalLength) {
  try {
    config::read_yaml_text<JasperConfig>("kernels: [4, 5]\nchannels: [8]", "jasper.yaml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("kernels must be odd"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("must have one number per block each"));
  }
}

}  // namespace
}  // namespace lipsound2::asr
