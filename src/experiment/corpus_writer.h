#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/generated_corpus.h"

namespace lipsound2::experiment {

/// Writes clips that come one after another into shards/NNNNN.tar of limited size, and at the end
/// their manifest.jsonl. When the process is killed, the next one goes on behind the last shard
/// that was finished; a file unfinished.jsonl has the clips of these until then.
class CorpusWriter {
 public:
  /// `origin` tells in a line what clips these are and what is made of them. Throws kUsage when the
  /// folder holds a corpus, or an unfinished one of another origin.
  CorpusWriter(std::filesystem::path folder,
               const std::string& origin,
               std::size_t shard_bytes = kCorpusShardBytes);

  /// So many of the first clips are there already.
  std::size_t finished() const { return finished_; }
  /// The next clip after these; its place in `entry` is set anew.
  void add(data::ManifestEntry entry, const data::StoredClip& clip);
  /// Returns the manifest.
  std::filesystem::path finish();

 private:
  std::filesystem::path finished_clips() const { return folder_ / "unfinished.jsonl"; }
  std::filesystem::path told_origin() const { return folder_ / "unfinished.txt"; }
  void go_on();
  void end_shard();

  std::filesystem::path folder_;
  std::size_t shard_bytes_;
  std::size_t finished_ = 0;
  std::string name_;  ///< of the shard that is being written
  std::unique_ptr<data::ShardWriter> shard_;
  int shards_ = 0;
  std::string manifest_;
};

}  // namespace lipsound2::experiment
