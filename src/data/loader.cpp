#include "lipsound2/data/loader.h"

#include <chrono>
#include <utility>

#include <c10/util/Exception.h>

#include "lipsound2/core/random.h"

#include "augment.h"
#include "clip_store.h"
#include "loader_run.h"
#include "sampler.h"

namespace lipsound2::data {
namespace {

std::vector<std::int64_t> frame_counts(const ClipList& clips) {
  std::vector<std::int64_t> counts;
  counts.reserve(clips.size());
  for (std::size_t i = 0; i < clips.size(); ++i)
    counts.push_back(clips.frames(i));
  return counts;
}

}  // namespace

struct Loader::State {
  LoaderConfig config;
  ClipStore store;
  std::unique_ptr<LoaderRun> run;
  std::chrono::steady_clock::duration waited{0};

  EpochPlan plan(std::int64_t epoch) const {
    const std::vector<std::int64_t> lengths = frame_counts(store.clips());
    if (config.order == Order::kAsListed)
      return listed_batches(std::ssize(lengths), config.batch_size);
    const Rng rng(mix({config.seed, static_cast<std::uint64_t>(epoch)}));
    return shuffled_batches(lengths, config.batch_size, rng);
  }

  /// Called from several threads.
  Example make_example(std::int64_t epoch, std::int64_t position) {
    ManifestEntry entry = store.clips()[static_cast<std::size_t>(position)];
    const std::shared_ptr<const DecodedClip> clip = store.get(position);
    FaceChange change = center_cut(config.faces);
    if (config.augmented) {
      Rng rng(mix(
          {config.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(position)}));
      change = draw_change(config.augment, config.faces, entry.frames, rng);
    }
    return {std::move(entry.id),
            std::move(entry.text),
            cut_faces(clip->faces, change, config.faces.size),
            clip->mel,
            clip->samples};
  }
};

Loader::Loader(std::filesystem::path manifest_folder, ClipList clips, const LoaderConfig& config) {
  TORCH_CHECK(clips.size() > 0, "a loader without clips");
  TORCH_CHECK(config.batch_size > 0 && config.threads > 0 && config.prefetch > 0,
              "batch_size, threads and prefetch must be positive");
  TORCH_CHECK(config.faces.size <= config.faces.resize_to, "faces.size is above faces.resize_to");
  ClipDecoder decoder(std::move(manifest_folder), config);
  state_.reset(new State{config, {std::move(decoder), std::move(clips)}, nullptr});
}

Loader::~Loader() = default;

void Loader::start(std::int64_t epoch, std::int64_t first_batch) {
  TORCH_CHECK(epoch >= 0 && first_batch >= 0 && first_batch <= batches_per_epoch(),
              "start at batch ",
              first_batch,
              " of epoch ",
              epoch);
  state_->run.reset();
  EpochPlan batches = state_->plan(epoch);
  batches.erase(batches.begin(), batches.begin() + first_batch);
  state_->run = std::make_unique<LoaderRun>(
      std::move(batches), state_->config, [state = state_.get(), epoch](std::int64_t position) {
        return state->make_example(epoch, position);
      });
}

std::optional<Batch> Loader::next() {
  TORCH_CHECK(state_->run, "next() before start()");
  const auto begin = std::chrono::steady_clock::now();
  std::optional<Batch> batch = state_->run->next();
  state_->waited += std::chrono::steady_clock::now() - begin;
  return batch;
}

std::int64_t Loader::batches_per_epoch() const {
  const auto clips = static_cast<std::int64_t>(state_->store.clips().size());
  return (clips + state_->config.batch_size - 1) / state_->config.batch_size;
}

double Loader::waited_ms() const {
  return std::chrono::duration<double, std::milli>(state_->waited).count();
}

}  // namespace lipsound2::data
