#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/core/random.h"

namespace lipsound2::data {

/// Batches of an epoch; each batch holds positions of clips.
using EpochPlan = std::vector<std::vector<std::int64_t>>;

/// All clips once, in the order given.
EpochPlan listed_batches(std::int64_t clips, std::int64_t batch_size);

/// All clips once, shuffled. Clips are first shuffled, then sorted by (slightly blurred) length
/// within pools of 64 batches, so that a batch holds similar lengths, but not always the same
/// clips; then the batches are shuffled. Only the last batch may be incomplete, and any length may
/// be in it. Takes all its chances from `rng`.
EpochPlan shuffled_batches(const std::vector<std::int64_t>& lengths,
                           std::int64_t batch_size,
                           Rng rng);

}  // namespace lipsound2::data
