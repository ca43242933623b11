#pragma once

#include <optional>

#include <c10/core/Device.h>

#include "lipsound2/data/batch.h"
#include "lipsound2/data/loader.h"

namespace lipsound2::data {

/// Brings the loader's batches to the device one ahead: pinned memory, a copy stream of its own, an
/// event that the computing stream waits for. On a CPU it passes batches through. The only file
/// with streams and events.
class DevicePrefetcher {
 public:
  DevicePrefetcher(Loader& loader, c10::Device device);
  ~DevicePrefetcher();

  void start(std::int64_t epoch, std::int64_t first_batch = 0);
  std::optional<Batch> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::data
