#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/data/manifest.h"

namespace lipsound2::data {

/// A clip as it lies in the bytes of its place in a shard; valid as long as these are.
struct ClipView {
  std::vector<std::string_view> faces;  ///< one JPEG picture per video frame
  std::string_view flac;
};

/// What errors call a clip.
std::string where_clip(const std::string& shard, std::string_view id);

/// The bytes of a clip, not yet checked. Throws kIo when the shard is missing or cut short.
std::string read_clip_bytes(const std::filesystem::path& shard, const ManifestEntry& entry);

/// The clip in these bytes; `shard` is what errors call the shard. Throws kData when they do not
/// match the manifest's crc32 or are not the expected members.
ClipView view_clip(std::string_view bytes, const ManifestEntry& entry, const std::string& shard);

}  // namespace lipsound2::data
