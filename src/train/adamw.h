#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/core/tensor.h"

namespace lipsound2::train {

struct AdamWConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-6;
};

/// Neighbors in a flat tensor that share a factor on the learning rate.
struct RateRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  ///< one past the last
  double factor = 1;
};

/// AdamW (Loshchilov and Hutter 2019, algorithm 2) on one flat tensor of parameters: the decay is
/// decoupled from the gradient and multiplied by the learning rate.
class AdamW {
 public:
  /// `values` [N] is updated in place; `decayed` [N] is 1 where the weight decay applies, else 0.
  /// The ranges lie in [0, N); what no range covers stays as it is.
  AdamW(Tensor values, Tensor decayed, std::vector<RateRange> ranges, AdamWConfig config);

  /// One update from `gradients` [N]; `step` counts from 1 (for the correction of the moments).
  void update(const Tensor& gradients, double learning_rate, std::int64_t step);

  /// [N], the running means of the gradient and of its square; what a checkpoint must keep.
  const Tensor& first_moment() const { return first_moment_; }
  const Tensor& second_moment() const { return second_moment_; }

 private:
  Tensor values_;
  Tensor decayed_;
  std::vector<RateRange> ranges_;
  AdamWConfig config_;
  Tensor first_moment_;
  Tensor second_moment_;
};

}  // namespace lipsound2::train
