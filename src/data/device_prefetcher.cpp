#include "lipsound2/data/device_prefetcher.h"

#include <mutex>
#include <thread>
#include <utility>

#include <c10/util/Exception.h>

#include "lipsound2/core/bounded_queue.h"

#include "batch_decoder.h"
#include "copy_line.h"
#include "loader_clock.h"
#include "lone_thread.h"

namespace lipsound2::data {

PictureState pictures_for(const c10::Device& device) {
  if (device.is_cpu())
    return PictureState::kFinished;
  return BatchDecoder::works_on(device) ? PictureState::kJpeg : PictureState::kUncut;
}

struct DevicePrefetcher::State {
  State(BatchSource& the_source, c10::Device device, Transport the_transport)
      : source(the_source), transport(the_transport), line(device) {}
  ~State() { stop(); }

  void stop() {
    if (!thread.joinable())
      return;
    ready->close();
    thread.join();
  }

  void work_ahead() {
    stop();
    ready = std::make_unique<BoundedQueue<Delivery>>(1);
    note_times();
    thread = std::thread([this] {
      compute_alone();
      try {
        bring_batches();
        ready->close();
      } catch (...) {
        ready->close(std::current_exception());
      }
    });
  }

  void bring_batches() {
    bool wanted = true;
    while (wanted) {
      std::optional<Batch> batch = source.next();
      note_times();
      if (!batch)
        return;
      std::optional<Delivery> delivery;
      {
        const LoaderClock::Span span(clock, LoaderPart::kCopy);
        delivery = line.send(*std::move(batch));
      }
      wanted = ready->push(*std::move(delivery));
    }
  }

  /// The source is for one thread, its times are asked for by another.
  void note_times() {
    const LoaderTimes times = source.times();
    const std::lock_guard lock(mutex);
    source_times = times;
  }

  BatchSource& source;
  const Transport transport;
  CopyLine line;
  LoaderClock clock;
  mutable std::mutex mutex;
  LoaderTimes source_times;
  std::unique_ptr<BoundedQueue<Delivery>> ready;
  std::thread thread;
};

DevicePrefetcher::DevicePrefetcher(BatchSource& source, c10::Device device)
    : DevicePrefetcher(source, device, device.is_cpu() ? Transport::kDirect : Transport::kAhead) {}

DevicePrefetcher::DevicePrefetcher(BatchSource& source, c10::Device device, Transport transport)
    : state_(std::make_unique<State>(source, device, transport)) {
  TORCH_CHECK(device.is_cpu() || transport == Transport::kAhead, "batches must come to ", device);
}

DevicePrefetcher::~DevicePrefetcher() = default;

void DevicePrefetcher::start(std::int64_t epoch, std::int64_t first_batch) {
  state_->stop();
  state_->source.start(epoch, first_batch);
  if (state_->transport == Transport::kAhead)
    state_->work_ahead();
}

std::optional<Batch> DevicePrefetcher::next() {
  if (state_->transport == Transport::kDirect) {
    const LoaderClock::Span span(state_->clock, LoaderPart::kWait);
    std::optional<Batch> batch = state_->source.next();
    if (batch)
      state_->line.finish_faces(*batch);
    return batch;
  }
  std::optional<Delivery> delivery;
  {
    const LoaderClock::Span span(state_->clock, LoaderPart::kWait);
    delivery = state_->ready->pop();
  }
  if (!delivery)
    return std::nullopt;
  return state_->line.receive(*std::move(delivery));
}

LoaderTimes DevicePrefetcher::times() const {
  if (state_->transport == Transport::kDirect)
    state_->note_times();
  const std::lock_guard lock(state_->mutex);
  LoaderTimes times = state_->source_times;
  times.wait_ms = state_->clock.times().wait_ms;
  times.copy_ms = state_->clock.times().copy_ms;
  return times;
}

}  // namespace lipsound2::data
