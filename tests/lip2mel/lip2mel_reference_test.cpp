#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/lip2mel/encoder.h"
#include "lipsound2/lip2mel/postnet.h"

// Expected numbers: scripts/reference/make_lip2mel_reference.py, plain modules of PyTorch 2.13.0 on
// a CPU.

namespace lipsound2::lip2mel {
namespace {

Tensor reference_wave(at::IntArrayRef shape, double phase) {
  const auto count = c10::multiply_integers(shape);
  const Tensor index = torch::arange(count, torch::kDouble);
  return torch::sin(0.37 * index + phase).to(torch::kFloat).view(shape);
}

bool name_ends_with(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

/// The same weights as in the script.
void fill_with_waves(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, Tensor> tensors;
  for (const auto& item : module.named_parameters())
    tensors[item.key()] = item.value();
  for (const auto& item : module.named_buffers())
    if (!name_ends_with(item.key(), "num_batches_tracked"))
      tensors[item.key()] = item.value();
  double phase = 0;
  for (auto& [name, tensor] : tensors) {
    const Tensor value = reference_wave(tensor.sizes(), phase++);
    const bool is_scale = name_ends_with(name, ".1.weight") || name_ends_with(name, "running_var");
    tensor.copy_(is_scale ? 1 + 0.2 * value : 0.1 * value);
  }
}

/// What the script prints of one pass.
struct Printed {
  std::vector<double> first_six;
  double squares;
  std::vector<double> gradient;
  double gradient_squares;
};

void expect_printed(torch::nn::Module& module, const Tensor& y, const Printed& expected) {
  (y * reference_wave(y.sizes(), 0.5)).sum().backward();
  const Tensor gradient = module.named_parameters()["convolutions.0.0.conv.weight"].grad();
  const Tensor flat = y.detach().contiguous().flatten();
  for (std::int64_t i = 0; i < 6; ++i)
    EXPECT_NEAR(flat[i].item<double>(), expected.first_six[static_cast<std::size_t>(i)], 2e-5);
  EXPECT_NEAR(flat.square().sum().item<double>() / expected.squares, 1, 1e-4);
  const double size = std::sqrt(expected.gradient_squares);
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(gradient.contiguous().flatten()[i].item<double>(),
                expected.gradient[static_cast<std::size_t>(i)],
                1e-4 * size);
  EXPECT_NEAR(gradient.square().sum().item<double>() / expected.gradient_squares, 1, 1e-3);
}

void expect_encoder(std::int64_t face_channels, bool training, const Printed& expected) {
  Encoder encoder(EncoderConfig{.face_channels = face_channels,
                                .face_size = 16,
                                .channels = {3, 5},
                                .dropout = 0,
                                .lstm = 4});
  fill_with_waves(*encoder);
  encoder->train(training);
  const Tensor index = torch::arange(2 * face_channels * 4 * 16 * 16);
  const Tensor faces = (index * 7919 % 251).to(torch::kByte).view({2, face_channels, 4, 16, 16});

  const Tensor y = encoder->forward(faces, torch::tensor({4, 4}, torch::kLong));

  expect_printed(*encoder, y, expected);
}

TEST(EncoderReference, GrayInEvaluation) {
  expect_encoder(1,
                 false,
                 {{0.031908, 0.033337, 0.021995, 0.006507, 0.061818, 0.044112},
                  0.13115,
                  {-0.08111, 0.089476, -0.067072},
                  13.94211});
}

TEST(EncoderReference, GrayInTraining) {
  expect_encoder(1,
                 true,
                 {{0.098822, 0.026835, -0.095591, -0.058113, 0.105566, -0.009183},
                  0.76423,
                  {-0.638864, 0.615357, -0.709606},
                  376.15063});
}

TEST(EncoderReference, ColorInEvaluation) {
  expect_encoder(3,
                 false,
                 {{0.024958, 0.026889, 0.023497, 0.014885, 0.042527, 0.028263},
                  0.06945,
                  {0.067054, -0.133332, 0.134989},
                  12.38733});
}

TEST(EncoderReference, ColorInTraining) {
  expect_encoder(3,
                 true,
                 {{0.129989, -0.160696, -0.174721, -0.015551, -0.088354, -0.104807},
                  1.00189,
                  {1.040494, -3.235629, 1.694902},
                  38347.60156});
}

void expect_postnet(bool training, const Printed& expected) {
  Postnet postnet(PostnetConfig{.layers = 3, .channels = 8, .kernel = 5, .dropout = 0},
                  /*bands=*/6);
  fill_with_waves(*postnet);
  postnet->train(training);

  const Tensor y =
      postnet->forward(reference_wave({2, 7, 6}, 3.0), torch::tensor({7, 7}, torch::kLong));

  expect_printed(*postnet, y, expected);
}

TEST(PostnetReference, InEvaluation) {
  expect_postnet(false,
                 {{0.147494, -0.163856, -0.482434, -0.665309, -0.792858, -0.821094},
                  43.59576,
                  {0.004828, -0.024023, 0.015453},
                  0.08493});
}

TEST(PostnetReference, InTraining) {
  expect_postnet(true,
                 {{0.208971, 0.326412, -1.051971, -0.643321, -0.691296, -1.909225},
                  103.30415,
                  {6.485633, 3.756131, -5.345012},
                  61552.46875});
}

}  // namespace
}  // namespace lipsound2::lip2mel
