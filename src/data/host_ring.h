#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "lipsound2/core/tensor.h"

namespace lipsound2::data {

/// Pinned memory is what a device can copy from while the program goes on.
enum class HostMemory { kPageable, kPinned };

/// A fixed number of host buffers that are filled in turn, each as large as the largest filling it
/// has seen. For one thread.
class HostRing {
 public:
  HostRing(std::size_t buffers, HostMemory memory);

  /// Copies the tensors into the buffer that was filled longest ago, once its reader is done. The
  /// results lie there until it is filled again; undefined tensors stay so.
  std::vector<Tensor> fill(const std::vector<Tensor>& tensors);

  /// How to wait for the one who reads what was filled last. Without it nobody is waited for.
  void set_reader(std::function<void()> wait);

 private:
  struct Buffer {
    Tensor bytes;
    std::function<void()> wait;
  };
  Buffer& turn_to_next();
  void make_room(Buffer& buffer, std::int64_t bytes) const;

  std::vector<Buffer> buffers_;
  std::size_t last_;
  HostMemory memory_;
};

}  // namespace lipsound2::data
