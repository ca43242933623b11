#include "found_files.h"

#include <fmt/format.h>

#include "prepare_text.h"

namespace lipsound2::corpora {

namespace fs = std::filesystem;

std::vector<std::string> StoredTwice::remarks() const {
  std::vector<std::string> lines;
  if (same > 0)
    lines.push_back("in an archive and unpacked beside it: " + counted(same, "file") +
                    "; what is unpacked is read");
  if (other_size > 0)
    lines.push_back(
        fmt::format("unpacked with another size than in the archive beside it: {}, such as "
                    "{}; the archive is read",
                    counted(other_size, "file"),
                    example));
  return lines;
}

void FoundFiles::add(Key key, const fs::path& file) {
  // May throw: not within the braces, where GCC 12 would destroy the path twice.
  const auto bytes = static_cast<std::int64_t>(fs::file_size(file));
  add(std::move(key), {{file.string(), nullptr}, bytes});
}

void FoundFiles::add(Key key,
                     const std::shared_ptr<const Archive>& archive,
                     const Archive::Member& member) {
  add(std::move(key), {{std::string(member.name), archive}, member.bytes});
}

void FoundFiles::add(Key key, FoundFile file) {
  const auto [place, added] = files_.try_emplace(std::move(key), file);
  if (added)
    return;
  FoundFile& first = place->second;
  if (first.source.archive || !file.source.archive) {
    if (++passed_over_ == 1)
      passed_over_example_ = file.source.name();
  } else if (first.bytes == file.bytes) {
    ++twice_.same;
  } else {
    if (++twice_.other_size == 1)
      twice_.example = first.source.path;
    first = std::move(file);
  }
}

const FoundFile* FoundFiles::find(const Key& key) const {
  const auto found = files_.find(key);
  return found == files_.end() ? nullptr : &found->second;
}

bool FoundFiles::has(int speaker) const {
  const auto found = files_.lower_bound({speaker, ""});
  return found != files_.end() && found->first.first == speaker;
}

std::vector<std::string> FoundFiles::remarks() const {
  std::vector<std::string> lines = twice_.remarks();
  if (passed_over_ > 0)
    lines.push_back(
        fmt::format("left out because a file of the same name was taken before: {}, such as {}",
                    passed_over_,
                    passed_over_example_));
  return lines;
}

}  // namespace lipsound2::corpora
