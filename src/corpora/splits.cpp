#include "lipsound2/corpora/splits.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"
#include "lipsound2/core/utf8.h"

namespace lipsound2::corpora {
namespace {

constexpr std::uint64_t kTrainPercent = 90;
constexpr std::uint64_t kValidPercent = 5;

/// The ids of one list, without the byte order mark and the carriage returns of other systems.
std::vector<std::string> read_id_list(const std::filesystem::path& file) {
  std::istringstream lines(without_byte_order_mark(read_file(file)));
  std::vector<std::string> ids;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    if (std::string id; fields >> id)
      ids.push_back(id);
  }
  return ids;
}

/// split.txt and NAME_split.txt, sorted.
std::vector<std::filesystem::path> lists_of(const std::filesystem::path& folder,
                                            const std::string& split) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".") && (name == split + ".txt" || name.ends_with("_" + split + ".txt")))
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Splits Splits::read(const std::filesystem::path& folder) {
  require(std::filesystem::is_directory(folder),
          ErrorKind::kData,
          "{}: expected a folder with train.txt, valid.txt and test.txt, found {}",
          folder.string(),
          std::filesystem::exists(folder) ? "a file" : "nothing");
  Splits splits;
  std::vector<std::string> doubled;
  for (const char* split : {"train", "valid", "test"}) {
    std::size_t count = 0;
    for (const auto& file : lists_of(folder, split))
      for (const std::string& id : read_id_list(file)) {
        const auto [place, added] = splits.listed_.emplace(id, split);
        if (place->second != split)
          doubled.push_back(fmt::format("{} ({} and {})", id, place->second, split));
        ++count;
      }
    require(count > 0,
            ErrorKind::kData,
            "{}: expected a list {}.txt (or NAME_{}.txt) with an id a line, found {}",
            folder.string(),
            split,
            split,
            lists_of(folder, split).empty() ? "none" : "it empty");
  }
  require(doubled.empty(),
          ErrorKind::kData,
          "{}: expected lists that share no clip, found {} ids in two of them: {}",
          folder.string(),
          doubled.size(),
          fmt::join(doubled.begin(),
                    doubled.begin() + std::min<std::ptrdiff_t>(10, std::ssize(doubled)),
                    ", "));
  return splits;
}

std::optional<std::string> Splits::split_of(const SourceClip& clip) const {
  if (const auto found = listed_.find(clip.id); found != listed_.end())
    return found->second;
  if (rule_)
    return rule_(clip);
  if (!listed_.empty())
    return std::nullopt;
  if (clip.split != Split::kNone)
    return std::string(name_of(clip.split));
  const std::uint64_t percent = hash(clip.id) % 100;
  if (percent < kTrainPercent)
    return "train";
  return percent < kTrainPercent + kValidPercent ? "valid" : "test";
}

}  // namespace lipsound2::corpora
