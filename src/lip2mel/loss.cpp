#include "lipsound2/lip2mel/loss.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/square.h>

#include "lipsound2/nn/length_mask.h"

namespace lipsound2::lip2mel {
namespace {

/// The middle of each frame as a share of its clip: [B, longest].
Tensor relative_times(const Tensor& lengths) {
  const Tensor frame = at::arange(lengths.max().item<std::int64_t>(), at::kFloat) + 0.5;
  return frame.unsqueeze(0) / lengths.to(at::kFloat).unsqueeze(1);
}

Tensor guide_loss(const Lip2MelOutput& output, const ClipLengths& lengths, double width) {
  const Tensor costs =
      diagonal_costs(lengths.steps, lengths.pictures, width).to(output.weights.device());
  const Tensor weights = output.weights.narrow(1, 0, costs.size(1)).narrow(2, 0, costs.size(2));
  return (weights * costs).sum() / static_cast<double>(lengths.steps.sum().item<std::int64_t>());
}

}  // namespace

void LossConfig::visit(config::FieldVisitor& v) {
  v.field("squared_weight", squared_weight, "weight of the squared error beside L1", {0, 100});
  v.field("guide_weight",
          guide_weight,
          "weight at the start of what keeps attention diagonal",
          {0, 100});
  v.field("guide_width",
          guide_width,
          "how far from the diagonal is free, as a share of a clip",
          {0.01, 1});
  v.field("guide_until", guide_until, "share of training after which the guide is off", {0.001, 1});
}

Tensor diagonal_costs(const Tensor& steps, const Tensor& pictures, double width) {
  const Tensor distance =
      relative_times(steps).unsqueeze(2) - relative_times(pictures).unsqueeze(1);
  const Tensor cost = 1 - at::exp(at::square(distance) / (-2 * width * width));
  const Tensor real_step = nn::length_mask(steps, cost.size(1), at::kCPU).unsqueeze(2);
  const Tensor real_picture = nn::length_mask(pictures, cost.size(2), at::kCPU).unsqueeze(1);
  return cost * (real_step & real_picture).to(at::kFloat);
}

Lip2MelLosses lip2mel_losses(const Lip2MelOutput& output,
                             const Tensor& target,
                             const ClipLengths& lengths,
                             const LossConfig& config,
                             double progress) {
  const Tensor real =
      nn::length_mask(lengths.mel, target.size(1), target.device()).unsqueeze(2).to(at::kFloat);
  const double values =
      static_cast<double>(lengths.mel.sum().item<std::int64_t>() * target.size(2));
  const Tensor before = (output.mel_before - target) * real;
  const Tensor after = (output.mel - target) * real;
  Lip2MelLosses losses{.total = {},
                       .l1_before = before.abs().sum() / values,
                       .l1_after = after.abs().sum() / values,
                       .mse_before = before.square().sum() / values,
                       .mse_after = after.square().sum() / values,
                       .guide = guide_loss(output, lengths, config.guide_width)};
  const double guide = config.guide_weight * std::max(0.0, 1 - progress / config.guide_until);
  losses.total = losses.l1_before + losses.l1_after +
                 config.squared_weight * (losses.mse_before + losses.mse_after) +
                 guide * losses.guide;
  return losses;
}

}  // namespace lipsound2::lip2mel
