#include "loader_run.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "lone_thread.h"

namespace lipsound2::data {
namespace {

std::vector<std::int64_t> count_turns(const EpochPlan& batches) {
  std::vector<std::int64_t> firsts = {0};
  for (const auto& batch : batches)
    firsts.push_back(firsts.back() + std::ssize(batch));
  return firsts;
}

}  // namespace

LoaderRun::LoaderRun(Setup setup, LoaderClock& clock)
    : setup_(std::move(setup)),
      first_turns_(count_turns(setup_.batches)),
      clock_(clock),
      queue_(static_cast<std::size_t>(setup_.config.prefetch)),
      examples_({.first = 0,
                 .last = first_turns_.back(),
                 .threads = setup_.config.threads,
                 .ahead = 2 * setup_.config.threads},
                [this](std::int64_t turn) {
                  compute_alone();
                  return place_example(turn);
                }),
      batcher_([this] { hand_over_batches(); }) {}

LoaderRun::~LoaderRun() {
  examples_.stop();
  queue_.close();
  batcher_.join();
}

LoaderRun::Place LoaderRun::place_of(std::int64_t turn) const {
  const auto after = std::upper_bound(first_turns_.begin(), first_turns_.end(), turn);
  const auto batch = static_cast<std::size_t>(after - first_turns_.begin()) - 1;
  return {batch, static_cast<std::size_t>(turn - first_turns_[batch])};
}

LoaderRun::Placed LoaderRun::place_example(std::int64_t turn) {
  const Place place = place_of(turn);
  Example example = setup_.make({setup_.batches[place.batch][place.place], turn});
  const std::shared_ptr<BatchBuilder> into = builder(place.batch);
  const LoaderClock::Span span(clock_, LoaderPart::kAugment);
  into->put(place.place, std::move(example));
  return {};
}

std::shared_ptr<BatchBuilder> LoaderRun::builder(std::size_t batch) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<BatchBuilder>& builder = builders_[batch];
  if (!builder) {
    std::vector<ClipShape> shapes;
    for (const std::int64_t position : setup_.batches[batch])
      shapes.push_back(setup_.shape(position));
    builder = std::make_shared<BatchBuilder>(shapes, setup_.config, setup_.pool);
  }
  return builder;
}

void LoaderRun::hand_over_batches() {
  try {
    for (std::size_t batch = 0; batch < setup_.batches.size(); ++batch) {
      std::optional<Batch> full = take_batch(batch);
      if (!full || !queue_.push(std::move(*full)))
        break;
    }
    queue_.close();
  } catch (...) {
    queue_.close(std::current_exception());
  }
}

/// Nothing once stopped.
std::optional<Batch> LoaderRun::take_batch(std::size_t batch) {
  for (std::size_t i = 0; i < setup_.batches[batch].size(); ++i)
    if (!examples_.next())
      return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto full = builders_.extract(batch);
  return full.mapped()->finish();
}

}  // namespace lipsound2::data
