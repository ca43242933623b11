#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lipsound2/data/shard.h"

namespace lipsound2::data {

/// Orders clips as they lie in their shards; these come in the order of their names.
void sort_by_place(std::vector<ManifestEntry>& clips);

/// Reads clips one after another and calls `use` with each. `shards` says where they are, as config
/// key data.shards: a command runs once for each change of the shard between two clips. Throws kIo
/// and kData as read_clip(), and what `use` throws.
void read_in_sequence(const std::filesystem::path& manifest_folder,
                      const std::string& shards,
                      const std::vector<ManifestEntry>& clips,
                      const std::function<void(const ManifestEntry&, const StoredClip&)>& use);

}  // namespace lipsound2::data
