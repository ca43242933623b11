#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "lipsound2/config/yaml.h"
#include "lipsound2/corpora/prepare.h"
#include "lipsound2/corpora/source_clip.h"

namespace lipsound2::corpora {

struct PlannedClip {
  SourceClip source;
  std::string split;
};

/// Which clips will lie in which shard: clips [n * shard_clips, (n + 1) * shard_clips) in shard n.
struct Plan {
  std::deque<PlannedClip> clips;     ///< about 450 bytes each; a deque does not copy them to grow
  std::string splits;                ///< name or folder of the lists; empty: none
  std::int64_t left_out = 0;         ///< clips that no list names
  std::vector<std::string> missing;  ///< ids of the lists that the corpus lacks
  std::vector<std::string> remarks;  ///< of the reader, about the corpus as a whole
  std::int64_t shard_clips = 0;

  std::int64_t shards() const;
  /// Indices of the clips of one shard, first and one past the last.
  std::pair<std::size_t, std::size_t> clips_of(std::int64_t shard) const;
};

/// Finds the clips of the corpus and gives each its split. Throws as prepare() does, and kData for
/// two clips of one id.
Plan make_plan(const PrepareConfig& config);

/// All that decides the bytes of the result, as keys and values: two plans make the same shards if
/// and only if these are equal. The videos count with their names and sizes.
std::vector<config::FieldLine> plan_lines(const Plan& plan, const PrepareConfig& config);

}  // namespace lipsound2::corpora
