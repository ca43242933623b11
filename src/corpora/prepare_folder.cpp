#include "prepare_folder.h"

#include <sstream>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

/// Bytes that are no UTF-8, as file names can hold, become U+FFFD.
std::string dump_line(const OrderedJson& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string plan_text(const std::vector<config::FieldLine>& plan) {
  OrderedJson json;
  for (const config::FieldLine& line : plan)
    json[line.key] = line.value;
  return json.dump(2, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace) + "\n";
}

std::vector<config::FieldLine> read_plan(const fs::path& file) {
  std::vector<config::FieldLine> lines;
  try {
    const auto json = OrderedJson::parse(read_file(file));
    for (const auto& [key, value] : json.items())
      lines.push_back({.key = key, .value = value.get<std::string>(), .type = "", .help = ""});
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kData,
         "{}: expected the plan of a prepare run: {}",
         file.string(),
         error.what());
  }
  return lines;
}

}  // namespace

std::string to_json_line(const Reject& reject) {
  return dump_line({{"id", reject.id}, {"file", reject.file}, {"reason", reject.reason}});
}

std::vector<Reject> read_rejects(const fs::path& file) {
  std::istringstream lines(read_file(file));
  std::vector<Reject> rejects;
  try {
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      rejects.push_back({json.at("id"), json.at("file"), json.at("reason")});
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kData,
         "{}: line {}: expected id, file and reason: {}",
         file.string(),
         rejects.size() + 1,
         error.what());
  }
  return rejects;
}

void PrepareFolder::claim(const std::vector<config::FieldLine>& plan) const {
  for (const char* folder : {"shards", "parts"})
    make_folder(path_ / folder);
  for (const fs::path& folder : {path_, path_ / "shards", path_ / "parts"})
    remove_temporaries(folder);
  const fs::path file = path_ / "plan.json";
  if (!fs::exists(file)) {
    require(fs::is_empty(path_ / "parts"),
            ErrorKind::kData,
            "{}: expected it beside the parts of an earlier run, found nothing; remove the folder "
            "or give another --out",
            file.string());
    write_file(file, plan_text(plan));
  }
  const std::vector<std::string> changes = config::differences(read_plan(file), plan);
  require(changes.empty(),
          ErrorKind::kUsage,
          "{}: was begun with another plan ({}); give another --out or remove the folder",
          path_.string(),
          fmt::join(changes, "; "));
}

std::string PrepareFolder::shard_name(std::int64_t shard) {
  return fmt::format("shards/{:05}.tar", shard);
}

fs::path PrepareFolder::entries_part(std::int64_t shard) const {
  return path_ / "parts" / fmt::format("{:05}.jsonl", shard);
}

fs::path PrepareFolder::rejects_part(std::int64_t shard) const {
  return path_ / "parts" / fmt::format("{:05}.rejects.jsonl", shard);
}

bool PrepareFolder::finished(std::int64_t shard) const {
  const fs::path part = entries_part(shard);
  if (!fs::exists(part) || !fs::exists(rejects_part(shard)))
    return false;
  if (fs::file_size(part) == 0)
    return true;  // Every clip of the shard was rejected; there is no tar file.
  const data::ManifestEntry last = data::read_manifest(part).back();
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(path_ / last.shard, missing);
  return !missing && size >= static_cast<std::uintmax_t>(last.offset + last.bytes);
}

void PrepareFolder::finish(std::int64_t shard, const ShardPart& part) const {
  std::string rejects;
  for (const Reject& reject : part.rejects)
    rejects += to_json_line(reject);
  std::string entries;
  for (const data::ManifestEntry& entry : part.entries)
    entries += data::to_json_line(entry) + "\n";
  write_file(rejects_part(shard), rejects);
  write_file(entries_part(shard), entries);
}

ShardPart PrepareFolder::join(std::int64_t shards) const {
  AtomicFile rejects(path_ / "rejects.jsonl");
  AtomicFile manifest(path_ / "manifest.jsonl");
  for (std::int64_t shard = 0; shard < shards; ++shard) {
    rejects.write(read_file(rejects_part(shard)));
    manifest.write(read_file(entries_part(shard)));
  }
  rejects.commit();
  ShardPart all{.entries = {}, .rejects = read_rejects(path_ / "rejects.jsonl")};
  if (manifest.size() > 0) {
    manifest.commit();
    all.entries = data::read_manifest(path_ / "manifest.jsonl");
  }
  return all;
}

}  // namespace lipsound2::corpora
