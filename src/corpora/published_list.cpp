#include "published_list.h"

#include <filesystem>
#include <sstream>

#include "lipsound2/config/config_folders.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/random.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kValidationOneIn = 20;

/// Where a clip goes by the mark at its end, which is taken off.
std::vector<std::string>& place_of(std::string& clip, PublishedSpeaker& speaker) {
  const char mark = clip.back();
  if (mark != '*' && mark != '+' && mark != '-')
    return speaker.train;
  clip.pop_back();
  return mark == '*' ? speaker.test : mark == '+' ? speaker.valid : speaker.left_out;
}

fs::path find_list(const std::string& name) {
  const std::string file = "splits/" + name + ".txt";
  std::string looked;
  for (const fs::path& folder : config::config_folders()) {
    if (fs::is_regular_file(folder / file))
      return folder / file;
    looked += (looked.empty() ? "" : ", ") + (folder / file).lexically_normal().string();
  }
  fail(ErrorKind::kIo, "{}: expected this list beside the configs, looked for {}", file, looked);
}

}  // namespace

std::vector<PublishedSpeaker> read_published_list(const std::string& name) {
  const fs::path file = find_list(name);
  std::istringstream lines(read_file(file));
  std::vector<PublishedSpeaker> speakers;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("#"))
      continue;
    std::istringstream words(line);
    PublishedSpeaker speaker;
    words >> speaker.speaker;
    std::size_t clips = 0;
    for (std::string clip; words >> clip; ++clips)
      place_of(clip, speaker).push_back(clip);
    require(clips > 0,
            ErrorKind::kData,
            "{}: expected a speaker and clips, found '{}'",
            file.string(),
            line);
    speakers.push_back(std::move(speaker));
  }
  return speakers;
}

std::string train_or_valid(const std::string& id) {
  return hash(id) % kValidationOneIn == 0 ? "valid" : "train";
}

}  // namespace lipsound2::corpora
