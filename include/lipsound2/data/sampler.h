#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/core/random.h"

namespace lipsound2::data {

/// Batches of an epoch; each batch holds positions of clips.
using EpochPlan = std::vector<std::vector<std::int64_t>>;

/// How large batches are, and whose.
struct PlanSetup {
  std::int64_t batch_size = 16;  ///< clips per batch
  /// When not 0, it limits batches instead: clips times the longest length in a batch. No length
  /// may be above it.
  std::int64_t max_frames = 0;
  std::int64_t rank = 0;   ///< of this process
  std::int64_t world = 1;  ///< processes that share the epoch
};

/// Note [Shared epochs]
/// Every clip comes in exactly one batch of exactly one process. All processes get the same number
/// of batches, because each waits for the others after every one: where a process would get fewer,
/// some of its batches are halved. Batch k has similar lengths in all processes, so that none waits
/// long. Each process plans the whole epoch and takes its part, so that nobody has to be asked.
///
/// Throws kConfig when that cannot be: fewer clips than processes, or single clips that cannot be
/// shared evenly.

/// All clips once, in the order given; for one process, and by number of clips.
EpochPlan listed_batches(std::int64_t clips, std::int64_t batch_size);

/// This process's part of all clips, shuffled. Clips are first shuffled, then sorted by (slightly
/// blurred) length within pools of 64 batches, so that a batch holds similar lengths, but not
/// always the same clips; then the batches are shuffled. By number of clips only the last batch may
/// be incomplete, and any length may be in it. Takes all its chances from `rng`, which must be the
/// same in every process.
EpochPlan shuffled_batches(const std::vector<std::int64_t>& lengths,
                           const PlanSetup& setup,
                           Rng rng);

/// The smallest buffer of streamed_batches(), in batches.
inline constexpr std::int64_t kLeastBuffer = 8;

/// What a process reads from the front of its shards to their ends, and the batches it makes of it.
struct StreamPlan {
  EpochPlan batches;
  std::vector<std::int64_t> order;  ///< positions in the order of reading
};

/// This process's part of all clips: shards are shuffled and shared out, a few are read side by
/// side, and batches are formed as in shuffled_batches(), but in pools of buffer / 2 clips as they
/// come. Whoever holds up to `buffer` clips can read in `order` and never waits for a clip that he
/// has no room for. `shards` holds the positions of the clips of each shard, in the order in which
/// they lie there.
StreamPlan streamed_batches(const std::vector<std::int64_t>& lengths,
                            std::vector<std::vector<std::int64_t>> shards,
                            std::int64_t buffer,
                            const PlanSetup& setup,
                            Rng rng);

}  // namespace lipsound2::data
