#include "corpus_writer.h"

#include <set>

#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/data/manifest.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;

CorpusWriter::CorpusWriter(fs::path folder, const std::string& origin, std::size_t shard_bytes)
    : folder_(std::move(folder)), shard_bytes_(shard_bytes) {
  require(!fs::exists(folder_ / "manifest.jsonl"),
          ErrorKind::kUsage,
          "{}: holds a corpus already; name another folder with --out",
          folder_.string());
  make_folder(folder_ / "shards");
  remove_temporaries(folder_ / "shards");
  if (!fs::exists(finished_clips())) {
    write_file(told_origin(), origin + "\n");
    return;
  }
  const std::string begun = read_file(told_origin());
  require(begun == origin + "\n",
          ErrorKind::kUsage,
          "{}: holds an unfinished corpus of another kind; remove it, or name another folder\n"
          "  it holds: {}  expected: {}",
          folder_.string(),
          begun,
          origin);
  go_on();
}

void CorpusWriter::go_on() {
  std::set<std::string> shards;
  for (const data::ManifestEntry& entry : data::read_manifest(finished_clips())) {
    shards.insert(entry.shard);
    ++finished_;
  }
  shards_ = static_cast<int>(shards.size());
  manifest_ = read_file(finished_clips());
  log::info("{}: goes on after {} clips", folder_.string(), finished_);
}

void CorpusWriter::add(data::ManifestEntry entry, const data::StoredClip& clip) {
  if (!shard_) {
    name_ = fmt::format("shards/{:05}.tar", shards_++);
    shard_ = std::make_unique<data::ShardWriter>(folder_ / name_);
  }
  entry.shard = name_;
  shard_->add(entry, clip);
  manifest_ += to_json_line(entry) + "\n";
  if (shard_->size() >= shard_bytes_)
    end_shard();
}

void CorpusWriter::end_shard() {
  if (!shard_)
    return;
  shard_->commit();
  shard_.reset();
  write_file(finished_clips(), manifest_);
}

fs::path CorpusWriter::finish() {
  end_shard();
  const fs::path manifest = folder_ / "manifest.jsonl";
  write_file(manifest, manifest_);
  fs::remove(finished_clips());
  fs::remove(told_origin());
  return manifest;
}

}  // namespace lipsound2::experiment
