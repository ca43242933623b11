#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lipsound2/config/yaml.h"
#include "lipsound2/corpora/census.h"
#include "lipsound2/corpora/prepare.h"
#include "lipsound2/data/manifest.h"

namespace lipsound2::corpora {

/// A line of rejects.jsonl.
struct Reject {
  std::string id;
  std::string file;
  std::string reason;
};

/// With the kind of the reason beside it.
std::string to_json_line(const Reject& reject);
/// Throws kIo when unreadable, kData for lines that are no rejects.
std::vector<Reject> read_rejects(const std::filesystem::path& file);

/// What one shard adds to manifest.jsonl, rejects.jsonl and the census.
struct ShardPart {
  std::vector<data::ManifestEntry> entries;
  std::vector<Reject> rejects;
  Census census;
};

/// The folder that prepare() writes, alone or with others: no two of them change the same file but
/// with the same bytes. A shard counts as finished once parts/NNNNN.json witnesses it, which is
/// written last and names the plan; every file appears whole or not at all.
class PrepareFolder {
 public:
  /// Makes the folder and notes the plan, or takes up what was begun, clearing what killed runs
  /// left half written. Throws kUsage, with what differs, when it was begun with another plan.
  static PrepareFolder begin(std::filesystem::path path,
                             const std::vector<config::FieldLine>& plan);
  /// Takes up what was begun; changes nothing. Throws as begin(), and when there is nothing.
  static PrepareFolder resume(std::filesystem::path path,
                              const std::vector<config::FieldLine>& plan);
  /// Whatever was begun there. Throws kUsage when nothing was.
  static PrepareFolder open(std::filesystem::path path);

  /// Path of a shard, relative to the folder as in the manifest.
  static std::string shard_name(std::int64_t shard);
  std::int64_t shards() const;
  /// Notes that a part was begun, so that join() can name it.
  void begin_part(const WorkPart& part) const;
  /// The census of a finished shard; nothing for one that must be made. Throws kData for a shard
  /// that was made with another plan.
  std::optional<Census> finished(std::int64_t shard) const;
  void finish(std::int64_t shard, const ShardPart& part) const;
  /// All parts, joined into rejects.jsonl and, when there is at least one clip, manifest.jsonl.
  /// Throws kData, naming shards and parts, unless every shard is finished.
  Census join() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Witness;
  PrepareFolder(std::filesystem::path path, const std::vector<config::FieldLine>& plan);

  std::filesystem::path entries_file(std::int64_t shard) const;
  std::filesystem::path witness_file(std::int64_t shard) const;
  std::int64_t planned_clips(std::int64_t shard) const;
  std::optional<Witness> witness_of(std::int64_t shard) const;
  /// The same of a finished shard; nothing and an error as finished().
  std::optional<Witness> true_witness(std::int64_t shard) const;
  std::string explain_missing(const std::vector<std::int64_t>& shards) const;
  void check_manifest(const std::vector<std::int64_t>& clips) const;

  std::filesystem::path path_;
  std::string plan_;  ///< a hash of it
  std::int64_t clips_ = 0;
  std::int64_t shard_clips_ = 1;
};

}  // namespace lipsound2::corpora
