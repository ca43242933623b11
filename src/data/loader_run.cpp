#include "loader_run.h"

#include <exception>
#include <utility>

#include "lone_thread.h"

namespace lipsound2::data {
namespace {

std::vector<std::int64_t> positions_in_order(const EpochPlan& batches) {
  std::vector<std::int64_t> positions;
  for (const auto& batch : batches)
    positions.insert(positions.end(), batch.begin(), batch.end());
  return positions;
}

}  // namespace

LoaderRun::LoaderRun(EpochPlan batches, const LoaderConfig& config, MakeExample make)
    : batches_(std::move(batches)),
      positions_(positions_in_order(batches_)),
      queue_(static_cast<std::size_t>(config.prefetch)),
      examples_({.first = 0,
                 .last = std::ssize(positions_),
                 .threads = config.threads,
                 .ahead = 2 * config.threads},
                [this, make = std::move(make)](std::int64_t i) {
                  compute_alone();
                  return make({positions_[static_cast<std::size_t>(i)], i});
                }),
      batcher_([this] { join_examples(); }) {}

LoaderRun::~LoaderRun() {
  examples_.stop();
  queue_.close();
  batcher_.join();
}

void LoaderRun::join_examples() {
  compute_alone();
  try {
    for (const auto& batch : batches_) {
      std::optional<Batch> joined = take_batch(batch.size());
      if (!joined || !queue_.push(std::move(*joined)))
        break;
    }
    queue_.close();
  } catch (...) {
    queue_.close(std::current_exception());
  }
}

/// Nothing once stopped.
std::optional<Batch> LoaderRun::take_batch(std::size_t count) {
  std::vector<Example> examples;
  while (examples.size() < count) {
    std::optional<Example> example = examples_.next();
    if (!example)
      return std::nullopt;
    examples.push_back(std::move(*example));
  }
  return collate(std::move(examples));
}

}  // namespace lipsound2::data
