#include "lipsound2/data/manifest.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

#include "manifest_json.h"
#include "manifest_line.h"

namespace lipsound2::data {
namespace {

namespace fs = std::filesystem;

/// Calls visit(text, number from 1) for every line; the file is never in memory as a whole.
template <class Visit>
void visit_lines(const fs::path& file, Visit&& visit) {
  std::ifstream stream(file, std::ios::binary);
  require(
      stream.is_open(), ErrorKind::kIo, "{}: cannot read: {}", file.string(), std::strerror(errno));
  std::size_t number = 0;
  for (std::string text; std::getline(stream, text);)
    visit(std::string_view(text), ++number);
  require(
      !stream.bad(), ErrorKind::kIo, "{}: cannot read: {}", file.string(), std::strerror(errno));
}

ManifestEntry read_entry(std::string_view text, const fs::path& file, std::size_t line) {
  std::optional<ManifestEntry> entry = scan_entry(text);
  return entry ? *std::move(entry) : parse_entry(text, fmt::format("{}:{}", file.string(), line));
}

/// Two lines whose ids have the same hash, the later one first.
using LinePair = std::pair<std::size_t, std::size_t>;

/// By the later line. `hashes` are those of the ids, each with its line.
std::vector<LinePair> equal_hashes(std::vector<std::pair<std::uint64_t, std::size_t>> hashes) {
  std::sort(hashes.begin(), hashes.end());
  std::vector<LinePair> pairs;
  for (std::size_t i = 1; i < hashes.size(); ++i)
    if (hashes[i].first == hashes[i - 1].first)
      pairs.emplace_back(hashes[i].second, hashes[i - 1].second);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

/// Reads the ids of such lines once more: hashes may agree by chance.
void refuse_equal_ids(const fs::path& file, const std::vector<LinePair>& pairs) {
  std::map<std::size_t, std::string> ids;
  for (const auto& [later, earlier] : pairs)
    ids.insert({{later, ""}, {earlier, ""}});
  visit_lines(file, [&](std::string_view text, std::size_t line) {
    if (const auto wanted = ids.find(line); wanted != ids.end())
      wanted->second = read_entry(text, file, line).id;
  });
  for (const auto& [later, earlier] : pairs)
    require(ids[later] != ids[earlier],
            ErrorKind::kData,
            "{}:{}: expected every id once, found '{}' again (first on line {})",
            file.string(),
            later,
            ids[later],
            earlier);
}

}  // namespace

nlohmann::ordered_json describe_clip(const ManifestEntry& entry) {
  nlohmann::ordered_json json;
  json["id"] = entry.id;
  json["speaker"] = entry.speaker;
  if (!entry.sex.empty())
    json["sex"] = entry.sex;
  json["split"] = entry.split;
  json["text"] = entry.text;
  json["frames"] = entry.frames;
  json["fps"] = entry.fps;
  json["samples"] = entry.samples;
  json["rate"] = entry.rate;
  json["note"] = entry.note;
  return json;
}

std::string to_text(const nlohmann::ordered_json& json, const std::string& id) {
  try {
    return json.dump();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kData, "clip '{}': expected UTF-8 in all texts: {}", id, error.what());
  }
}

std::string to_json_line(const ManifestEntry& entry) {
  nlohmann::ordered_json json = describe_clip(entry);
  json["shard"] = entry.shard;
  json["offset"] = entry.offset;
  json["bytes"] = entry.bytes;
  json["crc32"] = entry.crc32;
  return to_text(json, entry.id);
}

void visit_manifest(const fs::path& file, const std::function<void(const ManifestEntry&)>& visit) {
  std::vector<std::pair<std::uint64_t, std::size_t>> hashes;
  visit_lines(file, [&](std::string_view text, std::size_t line) {
    const ManifestEntry entry = read_entry(text, file, line);
    hashes.emplace_back(hash(entry.id), line);
    visit(entry);
  });
  const std::vector<LinePair> pairs = equal_hashes(std::move(hashes));
  if (!pairs.empty())
    refuse_equal_ids(file, pairs);
}

std::vector<ManifestEntry> read_manifest(const fs::path& file) {
  std::vector<ManifestEntry> entries;
  visit_manifest(file, [&](const ManifestEntry& entry) { entries.push_back(entry); });
  return entries;
}

}  // namespace lipsound2::data
