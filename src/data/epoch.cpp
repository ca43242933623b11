#include "epoch.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <c10/util/Exception.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

#include "shard_stream.h"

namespace lipsound2::data {
namespace {

constexpr std::size_t kLargeSet = 100000;  // clips

std::vector<std::int64_t> frame_counts(const ClipList& clips) {
  std::vector<std::int64_t> counts(clips.size());
  for (std::size_t i = 0; i < clips.size(); ++i)
    counts[i] = clips.frames(i);
  return counts;
}

/// Positions by shard, in the order in which the clips lie there.
std::vector<std::vector<std::int64_t>> by_shard(const ClipList& clips) {
  std::map<std::uint32_t, std::vector<std::int64_t>> shards;
  for (std::size_t i = 0; i < clips.size(); ++i)
    shards[clips.place(i).shard].push_back(static_cast<std::int64_t>(i));
  std::vector<std::vector<std::int64_t>> sorted;
  for (auto& [shard, positions] : shards) {
    std::sort(positions.begin(), positions.end(), [&](std::int64_t a, std::int64_t b) {
      return clips.place(static_cast<std::size_t>(a)).offset <
             clips.place(static_cast<std::size_t>(b)).offset;
    });
    sorted.push_back(std::move(positions));
  }
  return sorted;
}

}  // namespace

bool reads_in_sequence(const ClipList& clips, const LoaderConfig& config) {
  if (config.access == Access::kAuto)
    return clips.size() > kLargeSet;
  return config.access == Access::kSequential;
}

void check_settings(const ClipList& clips, const LoaderConfig& config) {
  TORCH_CHECK(clips.size() > 0, "a loader without clips");
  TORCH_CHECK(config.batch_size > 0 && config.threads > 0 && config.prefetch > 0,
              "batch_size, threads and prefetch must be positive");
  TORCH_CHECK(config.faces.size <= config.faces.resize_to, "faces.size is above faces.resize_to");
  TORCH_CHECK(config.world == 1 || config.order == Order::kShuffled,
              "clips as listed are for one process");
  require(!is_command(config.shards) || reads_in_sequence(clips, config),
          ErrorKind::kConfig,
          "data.access: expected sequential, because '{}' can be read in no other way",
          config.shards);
  if (config.max_frames == 0)
    return;
  for (std::size_t i = 0; i < clips.size(); ++i)
    require(clips.frames(i) <= config.max_frames,
            ErrorKind::kConfig,
            "data.max_frames: expected at least {}, the pictures of clip '{}', found {}",
            clips.frames(i),
            clips.id(i),
            config.max_frames);
}

StreamPlan plan_epoch(const ClipList& clips, const LoaderConfig& config, std::int64_t epoch) {
  const bool in_sequence = reads_in_sequence(clips, config);
  if (config.order == Order::kAsListed) {
    std::vector<std::int64_t> order(in_sequence ? clips.size() : 0);
    std::iota(order.begin(), order.end(), 0);
    return {listed_batches(static_cast<std::int64_t>(clips.size()), config.batch_size),
            std::move(order)};
  }
  const PlanSetup setup{config.batch_size, config.max_frames, config.rank, config.world};
  const Rng rng(mix({config.seed, static_cast<std::uint64_t>(epoch)}));
  if (in_sequence)
    return streamed_batches(frame_counts(clips), by_shard(clips), config.buffer, setup, rng);
  return {shuffled_batches(frame_counts(clips), setup, rng), {}};
}

}  // namespace lipsound2::data
