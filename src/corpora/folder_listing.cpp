#include "folder_listing.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

namespace lipsound2::corpora {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostNamed = 40;
constexpr std::ptrdiff_t kExamples = 5;

std::string names_text(const std::vector<std::string>& names) {
  if (names.empty())
    return "no speaker";
  if (names.size() <= kMostNamed)
    return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} speakers, such as {}",
                     names.size(),
                     fmt::join(names.begin(), names.begin() + kExamples, ", "));
}

}  // namespace

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".") && name != "__MACOSX")
      paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::optional<fs::path> find_entry(const fs::path& folder, const std::string& name) {
  if (!fs::is_directory(folder))
    return std::nullopt;
  for (const fs::path& path : list_folder(folder))
    if (lower_case(path.filename().string()) == name)
      return path;
  return std::nullopt;
}

void require_folder(const fs::path& root, const std::string& expected) {
  require(fs::is_directory(root),
          ErrorKind::kData,
          "{}: expected {}, found {}",
          root.string(),
          expected,
          fs::exists(root) ? "a file" : "nothing");
}

std::string contents_text(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : list_folder(folder))
    names.push_back(path.filename().string());
  if (names.empty())
    return "nothing at all";
  const std::ptrdiff_t shown = std::min(kExamples, std::ssize(names));
  const std::string more =
      std::ssize(names) > shown ? fmt::format(" and {} more", std::ssize(names) - shown) : "";
  return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + shown, ", "), more);
}

bool is_wanted(const std::string& speaker, const std::vector<std::string>& wanted) {
  return wanted.empty() || std::ranges::find(wanted, speaker) != wanted.end();
}

void require_found(const fs::path& root,
                   const std::vector<std::string>& wanted,
                   const std::vector<std::string>& found) {
  for (const std::string& speaker : wanted)
    require(std::ranges::find(found, speaker) != found.end(),
            ErrorKind::kData,
            "{}: expected clips of speaker {}, found {}",
            root.string(),
            speaker,
            names_text(found));
}

}  // namespace lipsound2::corpora
