#pragma once

#include <cstdint>
#include <optional>

#include "lipsound2/data/batch.h"

namespace lipsound2::data {

/// Where time went since a loader was made, in milliseconds. All but the wait are sums over its
/// threads, which work at the same time, and of which one copies.
struct LoaderTimes {
  double read_ms = 0;     ///< bytes of clips from their shards
  double decode_ms = 0;   ///< JPEG to pixels of the right size
  double sound_ms = 0;    ///< FLAC to mel
  double augment_ms = 0;  ///< cut, mirror, light and so on
  double wait_ms = 0;     ///< of the caller in next(): how far data, not compute, is the bottleneck
  double copy_ms = 0;     ///< to the device; only of DevicePrefetcher
};

/// Where training batches come from. For one thread.
class BatchSource {
 public:
  virtual ~BatchSource() = default;

  /// Starts (again) at batch `first_batch` of `epoch`.
  virtual void start(std::int64_t epoch, std::int64_t first_batch = 0) = 0;
  /// Nothing at the end of the epoch.
  virtual std::optional<Batch> next() = 0;
  /// Of this process, in this epoch.
  virtual std::int64_t batches(std::int64_t epoch) const = 0;
  /// Since the source was made.
  virtual LoaderTimes times() const = 0;
};

}  // namespace lipsound2::data
