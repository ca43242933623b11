#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <c10/core/Device.h>

#include "lipsound2/data/batch_source.h"

namespace lipsound2::data {

/// Brings the batches of a source to the device one ahead: pinned memory, a copy stream of its own,
/// an event that the computing stream waits for. On a CPU it passes batches through. The only file
/// with streams and events, and it takes them from LibTorch's device-independent interface, so that
/// it builds without CUDA. Only the CPU path has ever run: the rest has not seen a GPU yet.
///
/// Faces and mel, where a batch has them, go to the device; lengths and samples stay on the CPU. An
/// error of the source comes up one batch early. For one thread.
class DevicePrefetcher {
 public:
  DevicePrefetcher(BatchSource& source, c10::Device device);
  ~DevicePrefetcher();

  void start(std::int64_t epoch, std::int64_t first_batch = 0);
  std::optional<Batch> next();
  /// The loader's, with the time that copies took the caller.
  LoaderTimes times() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::data
