#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "lipsound2/core/bounded_queue.h"
#include "lipsound2/data/loader.h"

#include "collate.h"
#include "ordered_pipeline.h"
#include "read_ahead.h"
#include "sampler.h"

namespace lipsound2::data {

/// The batches of one start(): workers make the examples in order, one more thread joins them and
/// keeps config.prefetch batches ready. next() is for one thread.
class LoaderRun {
 public:
  /// Makes the example of a turn; called from several threads.
  using MakeExample = std::function<Example(const ReadTurn& turn)>;

  LoaderRun(EpochPlan batches, const LoaderConfig& config, MakeExample make);
  ~LoaderRun();
  LoaderRun(const LoaderRun&) = delete;
  LoaderRun& operator=(const LoaderRun&) = delete;

  /// Begins nothing more. Whoever makes examples may still be waiting for bytes.
  void stop() { examples_.stop(); }
  /// Nothing at the end; rethrows what a worker threw once the batches before it are taken.
  std::optional<Batch> next() { return queue_.pop(); }

 private:
  void join_examples();
  std::optional<Batch> take_batch(std::size_t count);

  const EpochPlan batches_;
  const std::vector<std::int64_t> positions_;
  BoundedQueue<Batch> queue_;
  OrderedPipeline<Example> examples_;
  std::thread batcher_;
};

}  // namespace lipsound2::data
