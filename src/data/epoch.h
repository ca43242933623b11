#pragma once

#include <cstdint>

#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/loader.h"
#include "lipsound2/data/sampler.h"

namespace lipsound2::data {

/// Whether shards are read from front to back, as config.access says.
bool reads_in_sequence(const ClipList& clips, const LoaderConfig& config);

/// Throws kConfig, naming the keys, for settings that do not fit the clips.
void check_settings(const ClipList& clips, const LoaderConfig& config);

/// The batches of an epoch for this process; `order` is empty unless shards are read in sequence.
StreamPlan plan_epoch(const ClipList& clips, const LoaderConfig& config, std::int64_t epoch);

}  // namespace lipsound2::data
