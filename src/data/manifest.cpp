#include "lipsound2/data/manifest.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "manifest_json.h"

namespace lipsound2::data {
namespace {

/// Takes the fields out of one line; every complaint begins with file and line.
class ManifestLine {
 public:
  ManifestLine(std::string_view line, std::string where) : where_(std::move(where)) {
    json_ = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    require(json_.is_object(),
            ErrorKind::kData,
            "{}: expected one JSON object, found {}",
            where_,
            json_.is_discarded() ? "text that is not JSON: " + std::string(line.substr(0, 60))
                                 : std::string(json_.type_name()));
  }

  std::string text(const char* key) const {
    const nlohmann::json& value = get(key);
    require(value.is_string(), ErrorKind::kData, "{}", complaint(key, "a text"));
    return value.get<std::string>();
  }

  std::int64_t whole(const char* key, std::int64_t low, std::int64_t high) const {
    const nlohmann::json& value = get(key);
    const bool fits = value.is_number_integer() &&
                      !(value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) &&
                      value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high;
    require(fits,
            ErrorKind::kData,
            "{}",
            complaint(key, fmt::format("a whole number from {} to {}", low, high)));
    return value.get<std::int64_t>();
  }

  double positive(const char* key) const {
    const nlohmann::json& value = get(key);
    const bool fits =
        value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0;
    require(fits, ErrorKind::kData, "{}", complaint(key, "a number above 0"));
    return value.get<double>();
  }

 private:
  static constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();

  const nlohmann::json& get(const char* key) const {
    const auto found = json_.find(key);
    require(found != json_.end(), ErrorKind::kData, "{}: field '{}' is missing", where_, key);
    return *found;
  }

  std::string complaint(const char* key, const std::string& expected) const {
    return fmt::format(
        "{}: field '{}': expected {}, found {}", where_, key, expected, json_[key].dump());
  }

  std::string where_;
  nlohmann::json json_;
};

ManifestEntry parse_entry(std::string_view text, const std::string& where) {
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  const ManifestLine line(text, where);
  ManifestEntry entry;
  entry.id = line.text("id");
  entry.speaker = line.text("speaker");
  entry.split = line.text("split");
  entry.text = line.text("text");
  entry.frames = line.whole("frames", 1, std::numeric_limits<std::int32_t>::max());
  entry.fps = line.positive("fps");
  entry.samples = line.whole("samples", 1, kMost);
  entry.rate = line.whole("rate", 1, std::numeric_limits<std::int32_t>::max());
  entry.shard = line.text("shard");
  entry.offset = line.whole("offset", 0, kMost);
  entry.bytes = line.whole("bytes", 1, kMost);
  entry.crc32 =
      static_cast<std::uint32_t>(line.whole("crc32", 0, std::numeric_limits<std::uint32_t>::max()));
  entry.note = line.text("note");
  require(!entry.id.empty(), ErrorKind::kData, "{}: field 'id' is empty", where);
  return entry;
}

}  // namespace

nlohmann::ordered_json describe_clip(const ManifestEntry& entry) {
  nlohmann::ordered_json json;
  json["id"] = entry.id;
  json["speaker"] = entry.speaker;
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

std::vector<ManifestEntry> read_manifest(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  std::vector<ManifestEntry> entries;
  std::map<std::string, std::size_t> lines_of_ids;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    const std::string where = fmt::format("{}:{}", file.string(), ++line);
    entries.push_back(parse_entry(std::string_view(content).substr(begin, end - begin), where));
    const auto [first, fresh] = lines_of_ids.emplace(entries.back().id, line);
    require(fresh,
            ErrorKind::kData,
            "{}: expected every id once, found '{}' again (first on line {})",
            where,
            entries.back().id,
            first->second);
    begin = end + 1;
  }
  return entries;
}

std::vector<ManifestEntry> select_split(const std::vector<ManifestEntry>& entries,
                                        const std::string& split,
                                        const std::filesystem::path& file) {
  std::vector<ManifestEntry> selected;
  std::set<std::string> known;
  for (const ManifestEntry& entry : entries) {
    known.insert(entry.split);
    if (entry.split == split)
      selected.push_back(entry);
  }
  require(!selected.empty(),
          ErrorKind::kData,
          "{}: expected clips of split '{}', found {}",
          file.string(),
          split,
          known.empty() ? "no clips at all" : fmt::format("only {}", fmt::join(known, ", ")));
  return selected;
}

}  // namespace lipsound2::data
