#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace lipsound2::data {

/// Which items a pipeline makes, and how.
struct PipelineSetup {
  std::int64_t first = 0;
  std::int64_t last = 0;  ///< the item after the last one
  std::int64_t threads = 1;
  std::int64_t ahead = 1;  ///< at most so many items are begun but not yet taken
};

/// Threads that compute work(i) for i = first, first + 1, ... and hand the results over in this
/// order, whichever thread is done first. `work` runs on several threads at a time. next() may be
/// called from one thread, stop() from any. Knows nothing of tensors, so that it can run under
/// ThreadSanitizer.
template <class Result>
class OrderedPipeline {
 public:
  using Work = std::function<Result(std::int64_t)>;

  OrderedPipeline(const PipelineSetup& setup, Work work)
      : setup_(setup),
        work_(std::move(work)),
        begun_(setup.first),
        taken_(setup.first),
        slots_(static_cast<std::size_t>(setup.ahead)) {
    for (std::int64_t i = 0; i < setup.threads; ++i)
      threads_.emplace_back([this] { run(); });
  }

  /// Waits for the items that are being made; no further ones are begun.
  ~OrderedPipeline() {
    stop();
    for (std::thread& thread : threads_)
      thread.join();
  }

  OrderedPipeline(const OrderedPipeline&) = delete;
  OrderedPipeline& operator=(const OrderedPipeline&) = delete;

  /// The next result; nothing at the end or once stopped. What work(i) threw is rethrown in its
  /// turn.
  std::optional<Result> next() {
    Outcome outcome;
    {
      std::unique_lock lock(mutex_);
      done_.wait(lock, [this] { return stopped_ || taken_ == setup_.last || slot(taken_).full; });
      if (stopped_ || taken_ == setup_.last)
        return std::nullopt;
      outcome = std::exchange(slot(taken_), Outcome{});
      ++taken_;
    }
    room_.notify_one();
    if (outcome.error)
      std::rethrow_exception(outcome.error);
    return std::move(outcome.result);
  }

  /// Wakes everyone: no further item is begun, next() returns nothing.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    done_.notify_all();
    room_.notify_all();
  }

 private:
  struct Outcome {
    bool full = false;
    std::optional<Result> result;
    std::exception_ptr error;
  };

  Outcome& slot(std::int64_t item) { return slots_[static_cast<std::size_t>(item % setup_.ahead)]; }

  std::optional<std::int64_t> begin_item() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] {
      return stopped_ || begun_ == setup_.last || begun_ < taken_ + setup_.ahead;
    });
    if (stopped_ || begun_ == setup_.last)
      return std::nullopt;
    return begun_++;
  }

  void run() {
    while (const std::optional<std::int64_t> item = begin_item()) {
      Outcome outcome{.full = true, .result = {}, .error = nullptr};
      try {
        outcome.result = work_(*item);
      } catch (...) {
        outcome.error = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        slot(*item) = std::move(outcome);
      }
      done_.notify_all();
    }
  }

  const PipelineSetup setup_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::condition_variable room_;
  std::int64_t begun_;
  std::int64_t taken_;
  bool stopped_ = false;
  std::vector<Outcome> slots_;
  std::vector<std::thread> threads_;
};

}  // namespace lipsound2::data
