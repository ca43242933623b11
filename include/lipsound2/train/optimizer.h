#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lipsound2/core/tensor.h"

namespace lipsound2::train {

class FlatParameters;

/// Neighbors in a flat tensor that share a factor on the learning rate.
struct RateRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  ///< one past the last
  double factor = 1;
};

/// Moves a flat tensor of parameters by their gradients.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update from `gradients` [N]; `step` counts from 1.
  virtual void update(const Tensor& gradients, double learning_rate, std::int64_t step) = 0;
  /// What a checkpoint must keep, as views by "moment.parameter".
  virtual std::map<std::string, Tensor> state(const FlatParameters& layout) const = 0;
};

}  // namespace lipsound2::train
