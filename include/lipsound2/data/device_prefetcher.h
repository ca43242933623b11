#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <c10/core/Device.h>

#include "lipsound2/data/batch_source.h"
#include "lipsound2/data/loader.h"

namespace lipsound2::data {

/// How pictures should leave the loader for such a device: finished for a CPU, uncut for others, as
/// JPEG when this program was built with something that decodes them there.
PictureState pictures_for(const c10::Device& device);

/// How batches come from the source: as it gives them, when they are asked for, or by a thread that
/// brings them to the device ahead of that.
enum class Transport { kDirect, kAhead };

/// Brings the batches of a source to a device while training computes. A thread takes them from the
/// source, copies them into a ring of three host buffers (pinned, for CUDA), and from there to the
/// device on a stream of its own, where it also does what the source left to do to the pictures.
/// next() waits for no copy: it lets the caller's current stream wait for the event that ends it.
/// At most three batches are on the device: one in use, one ready, one on its way.
///
/// On a CPU nothing is to be copied, and batches are passed on directly; told to go ahead, it runs
/// the same code without pinned memory, streams and events. Those come from LibTorch's
/// device-independent interface, so that this builds without CUDA. They have not run on a GPU yet.
///
/// Faces and mel, where a batch has them, go to the device; lengths and samples stay on the CPU.
/// Errors of the source come up after the batches before. For one thread; the source is used by
/// another from start() until next() has given its last, or until the next start() or the end.
class DevicePrefetcher {
 public:
  /// Ahead, but for CPUs.
  DevicePrefetcher(BatchSource& source, c10::Device device);
  DevicePrefetcher(BatchSource& source, c10::Device device, Transport transport);
  ~DevicePrefetcher();

  void start(std::int64_t epoch, std::int64_t first_batch = 0);
  /// Nothing at the end of the epoch.
  std::optional<Batch> next();
  /// The source's; but the wait is that of the caller of next(), and the copy what it took the
  /// thread that works ahead.
  LoaderTimes times() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::data
