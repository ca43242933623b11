#include "copy_line.h"

#include <utility>

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "batch_cut.h"

namespace lipsound2::data {
namespace {

constexpr std::size_t kHostBuffers = 3;

c10::Device with_index(c10::Device device) {
  if (device.is_cpu() || device.has_index())
    return device;
  return c10::impl::VirtualGuardImpl(device.type()).getDevice();
}

}  // namespace

CopyLine::CopyLine(c10::Device device)
    : device_(with_index(device)),
      ring_(kHostBuffers, device.is_cpu() ? HostMemory::kPageable : HostMemory::kPinned),
      decoder_(device_) {
  if (!device.is_cpu())
    stream_ = c10::impl::VirtualGuardImpl(device.type())
                  .getStreamFromGlobalPool(device_, /*isHighPriority=*/false);
}

Tensor CopyLine::copy(const Tensor& tensor) const {
  if (!tensor.defined())
    return tensor;
  return tensor.to(device_, tensor.scalar_type(), /*non_blocking=*/true, /*copy=*/true);
}

void CopyLine::finish_faces(Batch& batch) {
  FaceWork& left = batch.left;
  if (left.changes.empty())
    return;
  if (!left.jpegs.empty()) {
    batch.faces = decoder_(batch);
    // The means come to the host, so that the device is done with the JPEG pictures by then.
    left.changes = with_means(std::move(left.changes), batch.faces, batch.face_lengths);
  }
  batch.faces = cut_batch(batch.faces, batch.face_lengths, left.changes, left.input.size);
  left.changes.clear();
  left.jpegs.clear();
}

Delivery CopyLine::send(Batch batch) {
  const c10::OptionalStreamGuard guard(stream_);
  const std::vector<Tensor> host = ring_.fill({batch.faces, batch.mel});
  batch.faces = copy(host[0]);
  batch.mel = copy(host[1]);
  finish_faces(batch);
  if (!stream_)
    return {std::move(batch)};
  const auto arrived = std::make_shared<c10::Event>(device_.type());
  arrived->record(*stream_);
  ring_.set_reader([arrived] { arrived->synchronize(); });
  return {std::move(batch), arrived};
}

Batch CopyLine::receive(Delivery delivery) const {
  if (!delivery.arrived)
    return std::move(delivery.batch);
  const c10::Stream computing = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  delivery.arrived->block(computing);
  for (const Tensor& tensor : {delivery.batch.faces, delivery.batch.mel})
    if (tensor.defined())
      tensor.record_stream(computing);
  return std::move(delivery.batch);
}

}  // namespace lipsound2::data
