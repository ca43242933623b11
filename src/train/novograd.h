#pragma once

#include <vector>

#include "lipsound2/train/optimizer.h"

namespace lipsound2::train {

struct NovoGradConfig {
  double beta1 = 0.95;
  double beta2 = 0.98;
  double epsilon = 1e-8;
  double weight_decay = 1e-3;
};

/// NovoGrad (Ginsburg et al. 2019, algorithm 1) on one flat tensor of parameters: every layer's
/// gradient is divided by a running norm of that layer before it enters the momentum, and the decay
/// goes into the momentum too.
///
///     v = beta2 v + (1 - beta2) |g|^2, at first |g|^2;  m = beta1 m + g / (sqrt(v) + eps) + decay
///     w
class NovoGrad final : public Optimizer {
 public:
  /// `values` [N] is updated in place; `decayed` [N] is 1 where the weight decay applies, else 0.
  /// One range per layer.
  NovoGrad(Tensor values, Tensor decayed, std::vector<RateRange> layers, NovoGradConfig config);

  void update(const Tensor& gradients, double learning_rate, std::int64_t step) override;
  std::map<std::string, Tensor> state(const FlatParameters& layout) const override;

 private:
  Tensor values_;
  Tensor decayed_;
  std::vector<RateRange> layers_;
  NovoGradConfig config_;
  Tensor momentum_;  ///< [N]
  Tensor norms_;     ///< [layers], running squared norms
};

}  // namespace lipsound2::train
