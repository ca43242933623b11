#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "lipsound2/core/bounded_queue.h"
#include "lipsound2/data/loader.h"
#include "lipsound2/data/sampler.h"

#include "batch_builder.h"
#include "loader_clock.h"
#include "ordered_pipeline.h"
#include "read_ahead.h"
#include "tensor_pool.h"

namespace lipsound2::data {

/// The batches of one start(): workers make the examples in order and put them into their batches;
/// one more thread hands over those that are full and keeps config.prefetch of them ready. next()
/// is for one thread.
class LoaderRun {
 public:
  struct Setup {
    EpochPlan batches;
    LoaderConfig config;
    /// Makes the example of a turn; called from several threads.
    std::function<Example(const ReadTurn& turn)> make;
    /// What the clip at a position needs.
    std::function<ClipShape(std::int64_t position)> shape;
    TensorPool pool;  ///< for the pictures of the batches
  };
  LoaderRun(Setup setup, LoaderClock& clock);
  ~LoaderRun();
  LoaderRun(const LoaderRun&) = delete;
  LoaderRun& operator=(const LoaderRun&) = delete;

  /// Begins nothing more. Whoever makes examples may still be waiting for bytes.
  void stop() { examples_.stop(); }
  /// Nothing at the end; rethrows what a worker threw once the batches before it are taken.
  std::optional<Batch> next() { return queue_.pop(); }

 private:
  /// Of the clip that is used at a turn.
  struct Place {
    std::size_t batch = 0;
    std::size_t place = 0;
  };
  struct Placed {};

  Place place_of(std::int64_t turn) const;
  Placed place_example(std::int64_t turn);
  std::shared_ptr<BatchBuilder> builder(std::size_t batch);
  void hand_over_batches();
  std::optional<Batch> take_batch(std::size_t batch);

  const Setup setup_;
  const std::vector<std::int64_t> first_turns_;  ///< of each batch, and the number of all turns
  LoaderClock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::size_t, std::shared_ptr<BatchBuilder>> builders_;
  BoundedQueue<Batch> queue_;
  OrderedPipeline<Placed> examples_;
  std::thread batcher_;
};

}  // namespace lipsound2::data
