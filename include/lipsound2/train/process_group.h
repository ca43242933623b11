#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "lipsound2/core/tensor.h"

namespace lipsound2::train {

class RingLink;

/// A process's place among those that train one network.
struct ProcessPlace {
  int rank = 0;        ///< of this process, among
  int world = 1;       ///< so many
  int local_rank = 0;  ///< among those of its machine
  std::string host;    ///< where process 0 runs
  std::uint16_t port = 0;
  std::chrono::seconds patience = std::chrono::minutes(5);  ///< until all must have come

  /// By the names that torchrun sets: RANK, WORLD_SIZE, LOCAL_RANK (0 without it), MASTER_ADDR,
  /// MASTER_PORT. A process on its own without RANK and WORLD_SIZE. Throws kUsage, naming the
  /// variable.
  static ProcessPlace from_environment();
};

/// Processes that train one network together, or one on its own, for which all of this does
/// nothing. They meet at a TCPStore of c10d, at process 0 or in torchrun's agent; then each is
/// connected to the next one in a ring. (c10d's own sums, by Gloo, cannot be used: LibTorch comes
/// without the headers of Gloo.)
///
/// All processes must make the same calls in the same order, each with a tensor of the same type
/// and shape. Tensors may lie on any device; from others than the CPU they pass through its memory.
/// Everything throws kIo, naming it, when a process has ended. For one thread.
class ProcessGroup {
 public:
  ProcessGroup();
  /// Returns when all have come. Throws kIo when one does not.
  explicit ProcessGroup(const ProcessPlace& place);
  ~ProcessGroup();

  int rank() const { return place_.rank; }
  int world() const { return place_.world; }
  int local_rank() const { return place_.local_rank; }
  /// Whether this is the process that writes and validates.
  bool leads() const { return place_.rank == 0; }

  /// Replaces the values by their sums over all processes; equal bits everywhere.
  void sum(const Tensor& values) const;
  /// Replaces the values by those of process 0.
  void broadcast(const Tensor& values) const;
  /// Returns when all processes have called it.
  void wait_for_all() const;

 private:
  ProcessPlace place_;
  std::unique_ptr<const RingLink> link_;  ///< none for a process on its own
};

}  // namespace lipsound2::train
