#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/train/task.h"

namespace lipsound2::train {

/// What one update produced: scalars, on the device, without a graph.
struct StepRecord {
  std::int64_t step = 0;
  std::vector<std::string> ids;
  Losses losses;
  Tensor grad_norm;  ///< before clipping
  double learning_rate = 0;
};

/// Notices losses and gradients that are not finite. Steps are collected without waiting for the
/// device; check() waits once for all of them.
class NumericWatch {
 public:
  void add(StepRecord record) { records_.push_back(std::move(record)); }

  /// Throws kNumeric for the first collected step whose loss or gradient norm is not finite, with
  /// its number, all terms and the ids of its batch. Forgets the steps that are well.
  void check();

 private:
  std::vector<StepRecord> records_;
};

}  // namespace lipsound2::train
