#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lip2mel/decoder_cases.h"

namespace lipsound2::lip2mel {
namespace {

void fill_with_sines(DecoderImpl& decoder) {
  const torch::NoGradGuard no_grad;
  double phase = 0;
  for (auto& parameter : decoder.parameters())
    parameter.copy_(sines(parameter.sizes(), phase++, 0.5));
}

std::vector<double> values(const Tensor& tensor) {
  const auto flat = tensor.detach().to(torch::kDouble).contiguous().flatten();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
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

}  // namespace
}  // namespace lipsound2::lip2mel
