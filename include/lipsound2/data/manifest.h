#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lipsound2::data {

/// One line of manifest.jsonl: what a clip is and where it lies.
struct ManifestEntry {
  std::string id;  ///< such as "s1/bbaf2n"; unique in the manifest
  std::string speaker;
  std::string sex;    ///< "m" or "f"; empty, and then not in the line, when unknown
  std::string split;  ///< "train", "valid" or "test"
  std::string text;   ///< empty when there is no transcript
  std::int64_t frames = 0;
  double fps = 25;
  std::int64_t samples = 0;
  std::int64_t rate = 16000;
  std::string shard;        ///< path of the tar file, relative to the manifest's folder
  std::int64_t offset = 0;  ///< of the clip's first tar header in the shard
  std::int64_t bytes = 0;   ///< from there to the end of the clip's last padded member
  std::uint32_t crc32 = 0;  ///< of those bytes (zlib), so that an edited shard is noticed
  std::string note;         ///< what prepare had to decide, such as a reconciled length
};

std::string to_json_line(const ManifestEntry& entry);

/// Calls visit(entry) for every line, in order, without ever holding the whole file. Throws kIo
/// when unreadable, kData with file and line for bad JSON, a missing field, a wrong type or a
/// doubled id; the last only after all entries were visited.
void visit_manifest(const std::filesystem::path& file,
                    const std::function<void(const ManifestEntry&)>& visit);

/// All entries, in order. For large manifests see ClipList.
std::vector<ManifestEntry> read_manifest(const std::filesystem::path& file);

}  // namespace lipsound2::data
