#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lipsound2/core/file.h"
#include "lipsound2/data/manifest.h"

namespace lipsound2::data {

/// A clip as it lies in a shard (docs/shard_format.md).
struct StoredClip {
  std::string id;
  std::vector<std::string> faces;  ///< one JPEG picture per video frame
  std::string flac;
};

/// Writes a WebDataset tar (ustar): per clip <key>.json, <key>.faces.mjpeg, <key>.flac. The file
/// appears whole at commit(). Equal input gives equal bytes (no clocks, no user names).
class ShardWriter {
 public:
  explicit ShardWriter(const std::filesystem::path& file);

  /// Adds the clip and fills offset, bytes, crc32 of `entry`; `entry.shard` must be set.
  void add(ManifestEntry& entry, const StoredClip& clip);
  std::size_t size() const { return file_.size(); }
  void commit();

 private:
  AtomicFile file_;
};

/// Reads one clip by its place. Throws kIo when the shard is missing or cut short, kData when the
/// bytes do not match the manifest's crc32 or are not the expected members; both name shard and id.
StoredClip read_clip(const std::filesystem::path& manifest_folder, const ManifestEntry& entry);

}  // namespace lipsound2::data
