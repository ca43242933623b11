#include "lipsound2/data/loader.h"

#include <utility>

#include <c10/util/Exception.h>

#include "lipsound2/core/random.h"

#include "augment.h"
#include "clip_store.h"
#include "epoch.h"
#include "loader_clock.h"
#include "loader_run.h"
#include "read_ahead.h"
#include "tensor_pool.h"

namespace lipsound2::data {
namespace {

/// The order of reading without the clips of the batches before the first; turns count from there.
std::vector<ReadTurn> turns_from(const StreamPlan& plan, std::size_t first, std::size_t clips) {
  std::vector<std::int64_t> turns(clips, -1);
  std::int64_t turn = 0;
  for (std::size_t batch = first; batch < plan.batches.size(); ++batch)
    for (const std::int64_t position : plan.batches[batch])
      turns[static_cast<std::size_t>(position)] = turn++;
  std::vector<ReadTurn> order;
  order.reserve(static_cast<std::size_t>(turn));
  for (const std::int64_t position : plan.order)
    if (turns[static_cast<std::size_t>(position)] >= 0)
      order.push_back({position, turns[static_cast<std::size_t>(position)]});
  return order;
}

}  // namespace

struct Loader::State {
  State(std::filesystem::path manifest_folder, ClipList clips, const LoaderConfig& the_config)
      : config(the_config),
        source(std::move(manifest_folder), config.shards),
        pool(static_cast<std::size_t>(config.threads + config.prefetch + 2)),
        store({source, config, pool, clock}, std::move(clips), config.keep_bytes) {}

  const LoaderConfig config;
  const ShardSource source;
  LoaderClock clock;
  const TensorPool pool;
  ClipStore store;
  std::int64_t planned_epoch = -1;
  StreamPlan planned;
  std::unique_ptr<ReadAhead> reader;
  std::unique_ptr<LoaderRun> run;

  const StreamPlan& plan(std::int64_t epoch) {
    if (planned_epoch != epoch)
      planned = plan_epoch(store.clips(), config, epoch);
    planned_epoch = epoch;
    return planned;
  }

  void stop() {
    if (run)
      run->stop();
    if (reader)
      reader->stop();
    run.reset();
    reader.reset();
  }

  /// Called from several threads.
  Example make_example(std::int64_t epoch, const ReadTurn& turn) {
    const auto position = static_cast<std::size_t>(turn.position);
    ManifestEntry entry = store.clips()[position];
    const std::shared_ptr<const DecodedClip> clip =
        reader ? store.decode(entry, reader->take(turn.turn)) : store.get(turn.position);
    FaceChange change = center_cut(config.faces);
    if (config.augmented) {
      Rng rng(mix({config.seed,
                   static_cast<std::uint64_t>(epoch),
                   static_cast<std::uint64_t>(turn.position)}));
      change = draw_change(config.augment, config.faces, entry.frames, rng);
    }
    change.mean = clip->mean;
    return {std::move(entry.id), std::move(entry.text), clip, change};
  }

  ClipShape shape_of(std::int64_t position) const {
    const auto index = static_cast<std::size_t>(position);
    return {store.clips().frames(index), store.clips().samples(index) / config.mel.hop};
  }
};

Loader::Loader(std::filesystem::path manifest_folder, ClipList clips, const LoaderConfig& config) {
  check_settings(clips, config);
  state_ = std::make_unique<State>(std::move(manifest_folder), std::move(clips), config);
}

Loader::~Loader() {
  state_->stop();
}

void Loader::start(std::int64_t epoch, std::int64_t first_batch) {
  TORCH_CHECK(epoch >= 0 && first_batch >= 0 && first_batch <= batches(epoch),
              "start at batch ",
              first_batch,
              " of epoch ",
              epoch);
  State& state = *state_;
  state.stop();
  const StreamPlan& plan = state.plan(epoch);
  if (!plan.order.empty()) {
    const ClipList& clips = state.store.clips();
    state.reader = std::make_unique<ReadAhead>(
        ReadAhead::Setup{clips,
                         state.source,
                         turns_from(plan, static_cast<std::size_t>(first_batch), clips.size()),
                         static_cast<std::size_t>(state.config.buffer)},
        state.clock);
  }
  state.run = std::make_unique<LoaderRun>(
      LoaderRun::Setup{
          {plan.batches.begin() + first_batch, plan.batches.end()},
          state.config,
          [&state, epoch](const ReadTurn& turn) { return state.make_example(epoch, turn); },
          [&state](std::int64_t position) { return state.shape_of(position); },
          state.pool},
      state.clock);
}

std::optional<Batch> Loader::next() {
  TORCH_CHECK(state_->run, "next() before start()");
  const LoaderClock::Span span(state_->clock, LoaderPart::kWait);
  return state_->run->next();
}

std::int64_t Loader::batches(std::int64_t epoch) const {
  return std::ssize(state_->plan(epoch).batches);
}

LoaderTimes Loader::times() const {
  return state_->clock.times();
}

}  // namespace lipsound2::data
