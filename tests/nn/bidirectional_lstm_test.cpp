#include "lipsound2/nn/bidirectional_lstm.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

namespace lipsound2::nn {
namespace {

/// What goes through a layer and comes back.
struct LstmPass {
  Tensor y;
  Tensor dx;
};

LstmPass pass_through(BidirectionalLstm& layer, const Tensor& input, const Tensor& lengths) {
  const Tensor x = input.detach().clone().requires_grad_();
  const Tensor y = layer->forward(x, lengths);
  y.square().sum().backward();
  return {y.detach(), x.grad()};
}

TEST(BidirectionalLstm, PassesTheSameGradientOnWhenItIsFrozen) {
  torch::manual_seed(3);
  BidirectionalLstm layer(5, 4);
  const Tensor input = torch::randn({3, 6, 5});
  for (const Tensor& lengths : {torch::tensor({6, 6, 6}), torch::tensor({2, 6, 4})}) {
    layer->train();
    const LstmPass trained = pass_through(layer, input, lengths.to(torch::kLong));
    ASSERT_GT(trained.dx.abs().sum().item<float>(), 0);

    layer->eval();
    for (Tensor& parameter : layer->parameters())
      parameter.set_requires_grad(false);
    const LstmPass frozen = pass_through(layer, input, lengths.to(torch::kLong));
    for (Tensor& parameter : layer->parameters())
      parameter.set_requires_grad(true);

    EXPECT_TRUE(torch::equal(frozen.y, trained.y));
    EXPECT_TRUE(torch::equal(frozen.dx, trained.dx));
  }
}

TEST(BidirectionalLstm, GivesTheSameWithoutGradients) {
  torch::manual_seed(3);
  BidirectionalLstm layer(5, 4);
  const Tensor input = torch::randn({3, 6, 5});
  for (const Tensor& lengths : {torch::tensor({6, 6, 6}), torch::tensor({2, 6, 4})}) {
    const Tensor with = layer->forward(input, lengths.to(torch::kLong)).detach();
    const torch::NoGradGuard no_grad;
    layer->eval();
    EXPECT_TRUE(torch::allclose(layer->forward(input, lengths.to(torch::kLong)), with, 1e-6, 1e-6));
    layer->train();
  }
}

}  // namespace
}  // namespace lipsound2::nn
