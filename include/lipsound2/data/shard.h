#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/audio/waveform.h"
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

/// The sound of a clip; throws as read_clip(), and kData when it is no FLAC.
audio::Waveform read_clip_sound(const std::filesystem::path& manifest_folder,
                                const ManifestEntry& entry);

/// The clip in the bytes at its place; `shard` is what errors call the shard. Throws kData as
/// read_clip().
StoredClip parse_clip(std::string_view bytes, const ManifestEntry& entry, const std::string& shard);

/// A file inside a shard.
struct ShardMember {
  std::string name;
  std::size_t bytes = 0;
};

/// What a whole shard holds, in order. Throws kIo when unreadable, kData when it is no whole shard.
std::vector<ShardMember> list_shard(const std::filesystem::path& file);

}  // namespace lipsound2::data
