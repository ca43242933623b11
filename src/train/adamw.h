#pragma once

#include <vector>

#include "lipsound2/train/optimizer.h"

namespace lipsound2::train {

struct AdamWConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-6;
};

/// AdamW (Loshchilov and Hutter 2019, algorithm 2) on one flat tensor of parameters: the decay is
/// decoupled from the gradient and multiplied by the learning rate.
class AdamW final : public Optimizer {
 public:
  /// `values` [N] is updated in place; `decayed` [N] is 1 where the weight decay applies, else 0;
  /// without weight decay it may be undefined.
  /// The ranges lie in [0, N); what no range covers stays as it is.
  AdamW(Tensor values, Tensor decayed, std::vector<RateRange> ranges, AdamWConfig config);

  void update(const Tensor& gradients, double learning_rate, std::int64_t step) override;
  std::map<std::string, Tensor> state(const FlatParameters& layout) const override;

 private:
  Tensor values_;
  Tensor decayed_;
  std::vector<RateRange> ranges_;
  AdamWConfig config_;
  Tensor first_moment_;   ///< [N], running mean of the gradient
  Tensor second_moment_;  ///< [N], of its square
};

}  // namespace lipsound2::train
