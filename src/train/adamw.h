#pragma once

#include <cstdint>

#include "lipsound2/core/tensor.h"

namespace lipsound2::train {

struct AdamWConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-6;
};

/// AdamW (Loshchilov and Hutter 2019, algorithm 2) on one flat tensor of parameters: the decay is
/// decoupled from the gradient and multiplied by the learning rate.
class AdamW {
 public:
  /// `values` [N] is updated in place; `decayed` [N] is 1 where the weight decay applies, else 0.
  AdamW(Tensor values, Tensor decayed, AdamWConfig config);

  /// One update from `gradients` [N]; `step` counts from 1 (for the correction of the moments).
  void update(const Tensor& gradients, double learning_rate, std::int64_t step);

  /// [N], the running means of the gradient and of its square; what a checkpoint must keep.
  const Tensor& first_moment() const { return first_moment_; }
  const Tensor& second_moment() const { return second_moment_; }

 private:
  Tensor values_;
  Tensor decayed_;
  AdamWConfig config_;
  Tensor first_moment_;
  Tensor second_moment_;
};

}  // namespace lipsound2::train
