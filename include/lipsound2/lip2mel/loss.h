#pragma once

#include <cstdint>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::lip2mel {

struct LossConfig {
  double squared_weight = 0.5;
  double guide_weight = 1.0;
  double guide_width = 0.2;
  double guide_until = 0.5;

  void visit(config::FieldVisitor& v);
};

/// What a training pass of the network gives.
struct Lip2MelOutput {
  Tensor mel;         ///< [B, M, bands] standardized, after the postnet
  Tensor mel_before;  ///< the same before the postnet
  Tensor weights;     ///< [B, steps, T] attention
};

/// The clips' true lengths, each [B] int64 on the CPU.
struct ClipLengths {
  Tensor pictures;
  Tensor mel;    ///< mel frames
  Tensor steps;  ///< decoder steps that hold real mel frames
};

/// The terms of the loss, each a mean over real frames; `guide` is not yet weighted.
struct Lip2MelLosses {
  Tensor total;
  Tensor l1_before;
  Tensor l1_after;
  Tensor mse_before;
  Tensor mse_after;
  Tensor guide;
};

/// What each attention weight costs by its distance from the diagonal (guided attention, Tachibana
/// et al. 2018, equation 3): 1 - exp(-(step / steps - picture / pictures)^2 / (2 width^2)), zero
/// where either is padding. steps, pictures: [B] true counts on the CPU -> [B, max, max] on the
/// CPU.
Tensor diagonal_costs(const Tensor& steps, const Tensor& pictures, double width);

/// L1 + squared_weight * MSE before and after the postnet, and the guide, whose weight falls from
/// guide_weight to zero while `progress` goes from 0 to guide_until. target [B, M, bands]
/// standardized.
Lip2MelLosses lip2mel_losses(const Lip2MelOutput& output,
                             const Tensor& target,
                             const ClipLengths& lengths,
                             const LossConfig& config,
                             double progress);

}  // namespace lipsound2::lip2mel
