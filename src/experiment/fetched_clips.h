#pragma once

#include <filesystem>
#include <vector>

#include "lipsound2/data/manifest.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// Copies clips of the config's corpus from where data.shards says they are into a corpus of its
/// own in `folder`, where they can be read at random. Returns its manifest. One that is there is
/// taken as it is, and a copy that was killed goes on. Throws kIo and kData, naming shard and clip.
std::filesystem::path fetch_clips(const ExperimentConfig& config,
                                  std::vector<data::ManifestEntry> clips,
                                  const std::filesystem::path& folder);

}  // namespace lipsound2::experiment
