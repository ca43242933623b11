#include "lipsound2/data/device_prefetcher.h"

#include <chrono>
#include <utility>

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "augment.h"

namespace lipsound2::data {
namespace {

c10::Device with_index(c10::Device device) {
  if (device.is_cpu() || device.has_index())
    return device;
  return c10::impl::VirtualGuardImpl(device.type()).getDevice();
}

}  // namespace

struct DevicePrefetcher::State {
  /// A batch on its way to the device, and the event that tells when it is there.
  struct BatchOnItsWay {
    Batch batch;
    c10::Event arrived;
  };

  BatchSource& source;
  c10::Device device;
  std::optional<c10::Stream> copies{};  ///< none on a CPU
  std::optional<BatchOnItsWay> ahead{};
  std::chrono::steady_clock::duration copying{0};

  c10::Stream computing_stream() const {
    return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
  }

  Tensor copy(const Tensor& tensor) const {
    if (!tensor.defined())
      return tensor;
    return tensor.pin_memory().to(tensor.options().device(device), /*non_blocking=*/true);
  }

  /// Makes the changes of a batch that the source left to us, where its pictures are now.
  void change_faces(Batch& batch) const {
    if (batch.changes.empty())
      return;
    batch.faces = cut_batch(batch.faces, batch.face_lengths, batch.changes, batch.cut_size);
    batch.changes.clear();
  }

  /// Asks the source for the next batch and begins to copy it.
  void fetch() {
    ahead.reset();
    std::optional<Batch> batch = source.next();
    if (!batch)
      return;
    const auto begin = std::chrono::steady_clock::now();
    const c10::StreamGuard guard(*copies);
    batch->faces = copy(batch->faces);
    change_faces(*batch);
    batch->mel = copy(batch->mel);
    ahead.emplace(BatchOnItsWay{std::move(*batch), c10::Event(device.type())});
    ahead->arrived.record(*copies);
    copying += std::chrono::steady_clock::now() - begin;
  }

  /// Lets the computing stream wait for the copy, and keeps the memory until that stream is done
  /// with it.
  Batch hand_over() {
    const c10::Stream computing = computing_stream();
    ahead->arrived.block(computing);
    for (const Tensor& tensor : {ahead->batch.faces, ahead->batch.mel})
      if (tensor.defined())
        tensor.record_stream(computing);
    return std::move(ahead->batch);
  }
};

DevicePrefetcher::DevicePrefetcher(BatchSource& source, c10::Device device)
    : state_(new State{.source = source, .device = with_index(device)}) {
  if (!device.is_cpu())
    state_->copies = c10::impl::VirtualGuardImpl(device.type())
                         .getStreamFromGlobalPool(state_->device, /*isHighPriority=*/false);
}

DevicePrefetcher::~DevicePrefetcher() = default;

void DevicePrefetcher::start(std::int64_t epoch, std::int64_t first_batch) {
  state_->ahead.reset();
  state_->source.start(epoch, first_batch);
  if (state_->copies)
    state_->fetch();
}

std::optional<Batch> DevicePrefetcher::next() {
  if (!state_->copies) {
    std::optional<Batch> batch = state_->source.next();
    if (batch)
      state_->change_faces(*batch);
    return batch;
  }
  if (!state_->ahead)
    return std::nullopt;
  Batch batch = state_->hand_over();
  state_->fetch();
  return batch;
}

LoaderTimes DevicePrefetcher::times() const {
  LoaderTimes times = state_->source.times();
  times.copy_ms = std::chrono::duration<double, std::milli>(state_->copying).count();
  return times;
}

}  // namespace lipsound2::data
