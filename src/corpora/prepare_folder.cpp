#include "prepare_folder.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>
#include <sstream>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"

#include "prepare_census.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

constexpr std::ptrdiff_t kShardsNamed = 10;
constexpr const char* kHashOfClips = "clips_hash";
constexpr const char* kPartMark = ".begun";  // parts/2-of-4.begun

/// Bytes that are no UTF-8, as file names can hold, become U+FFFD.
std::string dump(const OrderedJson& json, int indent = -1) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace);
}

std::string plan_text(const std::vector<config::FieldLine>& plan) {
  OrderedJson json;
  for (const config::FieldLine& line : plan)
    json[line.key] = line.value;
  return dump(json, 2) + "\n";
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

std::int64_t number_of(const std::vector<config::FieldLine>& plan, const std::string& key) {
  const auto found = std::ranges::find(plan, key, &config::FieldLine::key);
  std::int64_t number = 0;
  if (found != plan.end())
    std::from_chars(found->value.data(), found->value.data() + found->value.size(), number);
  require(number > 0, ErrorKind::kData, "plan.json: expected a positive number as '{}'", key);
  return number;
}

OrderedJson as_json(const Reject& reject) {
  return {{"id", reject.id},
          {"file", reject.file},
          {"kind", kind_of(reject.reason)},
          {"reason", reject.reason}};
}

bool has_size(const fs::path& file, std::uintmax_t bytes) {
  std::error_code missing;
  return fs::file_size(file, missing) == bytes && !missing;
}

std::string part_mark(const WorkPart& part) {
  return fmt::format("{}-of-{}{}", part.index, part.count, kPartMark);
}

/// The counts and indices of the parts that were begun.
std::set<std::pair<std::int64_t, std::int64_t>> parts_begun(const fs::path& folder) {
  std::set<std::pair<std::int64_t, std::int64_t>> parts;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    long long index = 0;
    long long count = 0;
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() == kPartMark &&
        std::sscanf(stem.c_str(), "%lld-of-%lld", &index, &count) == 2)
      parts.emplace(count, index);
  }
  return parts;
}

void remove_leftovers(const fs::path& path) {
  for (const fs::path& folder : {path, path / "shards", path / "parts"})
    remove_temporaries(folder);
}

/// The first few, by number.
std::string shard_numbers(const std::vector<std::int64_t>& shards) {
  std::string text;
  for (std::ptrdiff_t i = 0; i < std::min(std::ssize(shards), kShardsNamed); ++i)
    text += fmt::format("{}{:05}", i > 0 ? ", " : "", shards[static_cast<std::size_t>(i)]);
  return std::ssize(shards) > kShardsNamed
             ? text + fmt::format(" and {} more", std::ssize(shards) - kShardsNamed)
             : text;
}

}  // namespace

/// What lies in parts/NNNNN.json.
struct PrepareFolder::Witness {
  std::string plan;
  std::uintmax_t bytes = 0;  ///< of the shard; 0: every clip was rejected, there is none
  Census census;
  std::string rejects;  ///< lines of rejects.jsonl
};

std::string to_json_line(const Reject& reject) {
  return dump(as_json(reject)) + "\n";
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

PrepareFolder::PrepareFolder(fs::path path, const std::vector<config::FieldLine>& plan)
    : path_(std::move(path)),
      plan_(fmt::format("{:016x}", hash(plan_text(plan)))),
      clips_(number_of(plan, "clips")),
      shard_clips_(number_of(plan, "shard_clips")) {}

PrepareFolder PrepareFolder::begin(fs::path path, const std::vector<config::FieldLine>& plan) {
  for (const char* folder : {"shards", "parts"})
    make_folder(path / folder);
  remove_leftovers(path);
  const fs::path file = path / "plan.json";
  if (!fs::exists(file))
    write_file(file, plan_text(plan));
  return resume(std::move(path), plan);
}

PrepareFolder PrepareFolder::resume(fs::path path, const std::vector<config::FieldLine>& plan) {
  std::vector<std::string> changes = config::differences(read_plan(path / "plan.json"), plan);
  for (std::string& change : changes)
    if (change.starts_with(kHashOfClips))
      change = "other names, sizes, texts or splits of the clips";
  require(changes.empty(),
          ErrorKind::kUsage,
          "{}: was begun with another plan ({}); give another --out or remove the folder",
          path.string(),
          fmt::join(changes, "; "));
  return {std::move(path), plan};
}

PrepareFolder PrepareFolder::open(fs::path path) {
  const fs::path file = path / "plan.json";
  require(fs::exists(file),
          ErrorKind::kUsage,
          "{}: expected a folder in which prepare was begun, found no plan.json",
          path.string());
  const std::vector<config::FieldLine> plan = read_plan(file);
  return {std::move(path), plan};
}

std::string PrepareFolder::shard_name(std::int64_t shard) {
  return fmt::format("shards/{:05}.tar", shard);
}

fs::path PrepareFolder::entries_file(std::int64_t shard) const {
  return path_ / "parts" / fmt::format("{:05}.jsonl", shard);
}

fs::path PrepareFolder::witness_file(std::int64_t shard) const {
  return path_ / "parts" / fmt::format("{:05}.json", shard);
}

std::int64_t PrepareFolder::shards() const {
  return (clips_ + shard_clips_ - 1) / shard_clips_;
}

std::int64_t PrepareFolder::planned_clips(std::int64_t shard) const {
  return std::min(shard_clips_, clips_ - shard * shard_clips_);
}

void PrepareFolder::begin_part(const WorkPart& part) const {
  write_file(path_ / "parts" / part_mark(part), "");
}

/// Nothing for a file that is missing or that a failing disk damaged: the shard is made again.
std::optional<PrepareFolder::Witness> PrepareFolder::witness_of(std::int64_t shard) const {
  const fs::path file = witness_file(shard);
  if (!fs::exists(file))
    return std::nullopt;
  try {
    const auto json = OrderedJson::parse(read_file(file));
    Witness witness{json.at("plan"), json.at("bytes"), census_from(json.at("census")), ""};
    for (const OrderedJson& reject : json.at("rejects"))
      witness.rejects += dump(reject) + "\n";
    return witness;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::optional<Census> PrepareFolder::finished(std::int64_t shard) const {
  std::optional<Witness> witness = true_witness(shard);
  return witness ? std::optional(std::move(witness->census)) : std::nullopt;
}

std::optional<PrepareFolder::Witness> PrepareFolder::true_witness(std::int64_t shard) const {
  std::optional<Witness> witness = witness_of(shard);
  if (!witness)
    return std::nullopt;
  require(witness->plan == plan_,
          ErrorKind::kData,
          "{}: expected a shard of the plan in plan.json, found one of another plan; remove the "
          "folder, or this file to make the shard again",
          witness_file(shard).string());
  const bool whole = witness->bytes == 0 || has_size(path_ / shard_name(shard), witness->bytes);
  const std::int64_t clips = witness->census.total().clips + witness->census.rejected();
  const bool is_true = whole && fs::exists(entries_file(shard)) && clips == planned_clips(shard);
  return is_true ? std::move(witness) : std::nullopt;
}

void PrepareFolder::finish(std::int64_t shard, const ShardPart& part) const {
  std::string entries;
  for (const data::ManifestEntry& entry : part.entries)
    entries += data::to_json_line(entry) + "\n";
  const bool empty = part.entries.empty();
  OrderedJson witness{{"plan", plan_},
                      {"bytes", empty ? 0 : fs::file_size(path_ / shard_name(shard))},
                      {"census", to_json(part.census)},
                      {"rejects", OrderedJson::array()}};
  for (const Reject& reject : part.rejects)
    witness["rejects"].push_back(as_json(reject));
  write_file(entries_file(shard), entries);
  write_file(witness_file(shard), dump(witness) + "\n");
}

Census PrepareFolder::join() const {
  Census all;
  std::vector<std::int64_t> missing;
  std::vector<std::int64_t> clips;
  AtomicFile rejects(path_ / "rejects.jsonl");
  AtomicFile manifest(path_ / "manifest.jsonl");
  for (std::int64_t shard = 0; shard < shards(); ++shard) {
    const std::optional<Witness> witness = true_witness(shard);
    if (!witness) {
      missing.push_back(shard);
      continue;
    }
    all += witness->census;
    clips.push_back(witness->census.total().clips);
    rejects.write(witness->rejects);
    manifest.write(read_file(entries_file(shard)));
  }
  require(missing.empty(), ErrorKind::kData, "{}", explain_missing(missing));
  rejects.commit();
  if (manifest.size() > 0) {
    manifest.commit();
    check_manifest(clips);
  }
  for (const auto& [count, index] : parts_begun(path_ / "parts"))
    fs::remove(path_ / "parts" / part_mark({index, count}));
  remove_leftovers(path_);
  return all;
}

/// That every clip is there once, in its shard. `clips` are those of each shard.
void PrepareFolder::check_manifest(const std::vector<std::int64_t>& clips) const {
  const fs::path file = path_ / "manifest.jsonl";
  std::size_t shard = 0;
  std::int64_t in_shard = 0;
  const auto next_shard = [&] {
    for (; shard < clips.size() && in_shard == clips[shard]; ++shard)
      in_shard = 0;
  };
  try {
    data::visit_manifest(file, [&](const data::ManifestEntry& entry) {
      next_shard();
      const std::string expected = shard_name(static_cast<std::int64_t>(shard));
      require(shard < clips.size() && entry.shard == expected,
              ErrorKind::kData,
              "{}: expected {} clips, in the order of the shards, found {} in {} where {} goes on",
              entries_file(static_cast<std::int64_t>(shard)).string(),
              shard < clips.size() ? clips[shard] : 0,
              entry.id,
              entry.shard,
              expected);
      ++in_shard;
    });
    next_shard();
    require(shard == clips.size(),
            ErrorKind::kData,
            "{}: expected {} clips, found {}",
            entries_file(static_cast<std::int64_t>(shard)).string(),
            clips[std::min(shard, clips.size() - 1)],
            in_shard);
  } catch (const Error&) {
    fs::remove(file);
    throw;
  }
}

std::string PrepareFolder::explain_missing(const std::vector<std::int64_t>& missing) const {
  const auto begun = parts_begun(path_ / "parts");
  std::string text = fmt::format("{}: expected {} finished shards, {} missing: {}",
                                 path_.string(),
                                 shards(),
                                 missing.size(),
                                 shard_numbers(missing));
  const std::int64_t count = begun.empty() ? 0 : begun.begin()->first;
  if (count == 0 || count != begun.rbegin()->first)
    return text + "; run prepare again, without --merge";
  std::vector<std::string> parts;
  for (WorkPart part{1, count}; part.index <= count; ++part.index)
    if (std::ranges::any_of(missing, [&](std::int64_t shard) { return part.holds(shard); }))
      parts.push_back(
          fmt::format("{} ({})",
                      part.name(),
                      begun.contains({count, part.index}) ? "begun, not finished" : "never begun"));
  return text + fmt::format("; run these parts: {}", fmt::join(parts, ", "));
}

}  // namespace lipsound2::corpora
