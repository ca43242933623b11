#pragma once

#include <cstdint>
#include <functional>

#include "lipsound2/core/tensor.h"

namespace lipsound2::experiment {

/// Joins windows [N, C] whose neighbors overlap, cross-fading what they share. Rows that no later
/// window can touch go to the sink at once; one window is held.
class CrossFader {
 public:
  using Sink = std::function<void(const Tensor&)>;  ///< is given [N, C]

  explicit CrossFader(Sink sink);

  /// The next window, whose first `shared` rows are the last rows of the window before.
  void add(const Tensor& window, std::int64_t shared);
  /// Call once, after the last window.
  void finish();

 private:
  Sink sink_;
  Tensor held_;
};

}  // namespace lipsound2::experiment
