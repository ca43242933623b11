#pragma once

#include <cstddef>
#include <memory>

#include "lipsound2/core/tensor.h"

namespace lipsound2::data {

/// Memory of large tensors that is used again once they are gone: fresh memory costs a page fault
/// every 4 KiB, and threads wait for each other while the system hands it out. Copies share it. Any
/// thread may take and let go of tensors, which may outlive the pool.
class TensorPool {
 public:
  /// Holds at most so many tensors that are not in use.
  explicit TensorPool(std::size_t most_unused);

  /// uint8 of any content, on the CPU.
  Tensor take(at::IntArrayRef shape) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lipsound2::data
