#pragma once

#include <memory>
#include <optional>

#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include "lipsound2/data/batch.h"

#include "batch_decoder.h"
#include "host_ring.h"

namespace lipsound2::data {

/// A batch, and on devices with streams the event that tells when it is there.
struct Delivery {
  Batch batch;
  std::shared_ptr<c10::Event> arrived = nullptr;
};

/// The way of batches from host memory to a device.
class CopyLine {
 public:
  explicit CopyLine(c10::Device device);

  /// Does what the source left to do to the pictures of a batch, on the device.
  void finish_faces(Batch& batch);

  /// Copies faces and mel and finishes the faces; where there are streams, it only begins to. For
  /// one thread.
  Delivery send(Batch batch);

  /// Lets the calling thread's stream wait for the batch, and keeps its memory until that stream is
  /// done with it. For another thread.
  Batch receive(Delivery delivery) const;

 private:
  Tensor copy(const Tensor& tensor) const;

  c10::Device device_;
  std::optional<c10::Stream> stream_;  ///< none on a CPU
  HostRing ring_;
  BatchDecoder decoder_;
};

}  // namespace lipsound2::data
