#include "lipsound2/data/clip_list.h"

#include <limits>
#include <numeric>
#include <set>
#include <unordered_map>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

namespace lipsound2::data {
class ClipList::Table {
 public:
  void add(const ManifestEntry& entry) {
    rows_.push_back({.id_begin = texts_.size(),
                     .offset = entry.offset,
                     .bytes = entry.bytes,
                     .samples = entry.samples,
                     .fps = entry.fps,
                     .id_size = static_cast<std::uint32_t>(entry.id.size()),
                     .text_size = static_cast<std::uint32_t>(entry.text.size()),
                     .frames = static_cast<std::uint32_t>(entry.frames),
                     .rate = static_cast<std::uint32_t>(entry.rate),
                     .crc32 = entry.crc32,
                     .speaker = pools_.speaker.number_of(entry.speaker),
                     .sex = pools_.sex.number_of(entry.sex),
                     .split = pools_.split.number_of(entry.split),
                     .shard = pools_.shard.number_of(entry.shard),
                     .note = pools_.note.number_of(entry.note)});
    texts_ += entry.id;
    texts_ += entry.text;
  }

  std::size_t size() const { return rows_.size(); }
  std::string_view id(std::uint32_t row) const {
    return std::string_view(texts_).substr(rows_[row].id_begin, rows_[row].id_size);
  }
  const std::string& split(std::uint32_t row) const { return pools_.split[rows_[row].split]; }
  std::int64_t frames(std::uint32_t row) const { return rows_[row].frames; }
  std::int64_t samples(std::uint32_t row) const { return rows_[row].samples; }
  const std::string& shard(std::uint32_t number) const { return pools_.shard[number]; }
  ClipPlace place(std::uint32_t row) const {
    return {rows_[row].shard, rows_[row].offset, rows_[row].bytes};
  }

  ManifestEntry entry(std::uint32_t number) const {
    const Row& row = rows_[number];
    ManifestEntry entry;
    entry.id = id(number);
    entry.text = texts_.substr(row.id_begin + row.id_size, row.text_size);
    entry.speaker = pools_.speaker[row.speaker];
    entry.sex = pools_.sex[row.sex];
    entry.split = split(number);
    entry.shard = pools_.shard[row.shard];
    entry.note = pools_.note[row.note];
    entry.frames = row.frames;
    entry.fps = row.fps;
    entry.samples = row.samples;
    entry.rate = row.rate;
    entry.offset = row.offset;
    entry.bytes = row.bytes;
    entry.crc32 = row.crc32;
    return entry;
  }

 private:
  /// Keeps each of many equal texts once.
  class TextPool {
   public:
    std::uint32_t number_of(const std::string& text) {
      if (!texts_.empty() && *texts_[last_] == text)
        return last_;
      const auto [found, fresh] = numbers_.emplace(text, static_cast<std::uint32_t>(texts_.size()));
      if (fresh)
        texts_.push_back(&found->first);
      return last_ = found->second;
    }
    const std::string& operator[](std::uint32_t number) const { return *texts_[number]; }

   private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
    std::vector<const std::string*> texts_;
    std::uint32_t last_ = 0;
  };

  struct Row {
    std::size_t id_begin;  ///< in texts_; the text follows the id
    std::int64_t offset;
    std::int64_t bytes;
    std::int64_t samples;
    double fps;
    std::uint32_t id_size;
    std::uint32_t text_size;
    std::uint32_t frames;
    std::uint32_t rate;
    std::uint32_t crc32;
    std::uint32_t speaker;
    std::uint32_t sex;
    std::uint32_t split;
    std::uint32_t shard;
    std::uint32_t note;
  };
  struct Pools {
    TextPool speaker;
    TextPool sex;
    TextPool split;
    TextPool shard;
    TextPool note;
  };

  std::vector<Row> rows_;
  std::string texts_;
  Pools pools_;
};

ClipList::ClipList(std::shared_ptr<const Table> table, std::vector<std::uint32_t> rows)
    : table_(std::move(table)), rows_(std::move(rows)) {}

ClipList ClipList::all_of(std::shared_ptr<const Table> table) {
  std::vector<std::uint32_t> rows(table->size());
  std::iota(rows.begin(), rows.end(), 0);
  return {std::move(table), std::move(rows)};
}

ClipList::ClipList(const std::vector<ManifestEntry>& entries) {
  auto table = std::make_shared<Table>();
  for (const ManifestEntry& entry : entries)
    table->add(entry);
  *this = all_of(std::move(table));
}

ClipList ClipList::read(const std::filesystem::path& manifest) {
  auto table = std::make_shared<Table>();
  visit_manifest(manifest, [&](const ManifestEntry& entry) {
    require(table->size() < std::numeric_limits<std::uint32_t>::max(),
            ErrorKind::kData,
            "{}: expected less than 2^32 clips",
            manifest.string());
    table->add(entry);
  });
  return all_of(std::move(table));
}

ClipList ClipList::split(const std::string& name, const std::filesystem::path& manifest) const {
  std::vector<std::uint32_t> rows;
  std::set<std::string> known;
  for (const std::uint32_t row : rows_) {
    const std::string& split = table_->split(row);
    if (split == name)
      rows.push_back(row);
    else if (rows.empty() && !known.contains(split))
      known.insert(split);
  }
  require(!rows.empty(),
          ErrorKind::kData,
          "{}: expected clips of split '{}', found {}",
          manifest.string(),
          name,
          known.empty() ? "no clips at all" : fmt::format("only {}", fmt::join(known, ", ")));
  return {table_, std::move(rows)};
}

ClipList ClipList::at(const std::vector<std::size_t>& positions) const {
  std::vector<std::uint32_t> rows;
  rows.reserve(positions.size());
  for (const std::size_t position : positions)
    rows.push_back(rows_.at(position));
  return {table_, std::move(rows)};
}

ManifestEntry ClipList::operator[](std::size_t position) const {
  return table_->entry(rows_.at(position));
}

std::vector<ManifestEntry> ClipList::entries() const {
  std::vector<ManifestEntry> entries;
  entries.reserve(size());
  for (const std::uint32_t row : rows_)
    entries.push_back(table_->entry(row));
  return entries;
}

std::vector<ManifestEntry> ClipList::entries_of(const std::vector<std::string>& splits,
                                                const std::filesystem::path& manifest) const {
  if (splits.empty())
    return entries();
  std::vector<ManifestEntry> chosen;
  for (const std::string& name : splits)
    for (ManifestEntry& entry : split(name, manifest).entries())
      chosen.push_back(std::move(entry));
  return chosen;
}

std::string_view ClipList::id(std::size_t position) const {
  return table_->id(rows_.at(position));
}

std::int64_t ClipList::frames(std::size_t position) const {
  return table_->frames(rows_.at(position));
}

std::int64_t ClipList::samples(std::size_t position) const {
  return table_->samples(rows_.at(position));
}

const std::string& ClipList::shard(std::uint32_t number) const {
  return table_->shard(number);
}

ClipPlace ClipList::place(std::size_t position) const {
  return table_->place(rows_.at(position));
}

}  // namespace lipsound2::data
