#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/config/yaml.h"
#include "lipsound2/data/manifest.h"

namespace lipsound2::corpora {

/// A line of rejects.jsonl.
struct Reject {
  std::string id;
  std::string file;
  std::string reason;
};

std::string to_json_line(const Reject& reject);
/// Throws kIo when unreadable, kData for lines that are no rejects.
std::vector<Reject> read_rejects(const std::filesystem::path& file);

/// The lines that one shard adds to manifest.jsonl and rejects.jsonl.
struct ShardPart {
  std::vector<data::ManifestEntry> entries;
  std::vector<Reject> rejects;
};

/// The folder that prepare() writes. A shard counts as finished once its part is there, which is
/// written after the shard itself; every file appears whole or not at all.
class PrepareFolder {
 public:
  explicit PrepareFolder(std::filesystem::path path) : path_(std::move(path)) {}

  /// Makes the folders, clears what a killed run left half written, and notes the plan. Throws
  /// kUsage, with what differs, when the folder was begun with another plan.
  void claim(const std::vector<config::FieldLine>& plan) const;

  /// Path of a shard, relative to the folder as in the manifest.
  static std::string shard_name(std::int64_t shard);
  bool finished(std::int64_t shard) const;
  void finish(std::int64_t shard, const ShardPart& part) const;
  /// All parts, joined into rejects.jsonl and, when there is at least one clip, manifest.jsonl.
  ShardPart join(std::int64_t shards) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path entries_part(std::int64_t shard) const;
  std::filesystem::path rejects_part(std::int64_t shard) const;

  std::filesystem::path path_;
};

}  // namespace lipsound2::corpora
