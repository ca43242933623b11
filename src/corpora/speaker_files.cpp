#include "speaker_files.h"

#include <charconv>

#include <fmt/format.h>

#include "folder_listing.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDigits = 3;

/// 1 for "s1.zip" and "s1.mpg_vcd.zip"; nothing for an archive that is called otherwise.
std::optional<int> speaker_of_archive(const fs::path& file) {
  const std::string name = file.filename().string();
  return numbered_speaker(std::string_view(name).substr(0, name.find('.')));
}

/// The last folder on the way to a member that is a speaker, "s1/bbaf2n.mpg", or what the archive
/// itself is called.
std::optional<int> speaker_of_member(const fs::path& member, const Archive& archive) {
  for (fs::path folder = member.parent_path(); !folder.empty() && folder != folder.root_path();
       folder = folder.parent_path())
    if (const auto speaker = numbered_speaker(folder.filename().string()))
      return speaker;
  return speaker_of_archive(archive.name());
}

}  // namespace

std::optional<int> numbered_speaker(std::string_view name) {
  if (!name.starts_with('s') || name.size() > 1 + kMostDigits)
    return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  const bool whole = error == std::errc() && end == name.data() + name.size() && number >= 0;
  return whole ? std::optional(number) : std::nullopt;
}

std::string name_of_speaker(int number) {
  return fmt::format("s{}", number);
}

std::multimap<int, fs::path> numbered_folders(const fs::path& folder) {
  std::multimap<int, fs::path> folders;
  if (fs::is_directory(folder))
    for (const fs::path& path : list_folder(folder))
      if (const auto speaker = numbered_speaker(path.filename().string());
          speaker && fs::is_directory(path))
        folders.emplace(*speaker, path);
  return folders;
}

SpeakerFiles::SpeakerFiles(std::vector<std::string> wanted,
                           const std::vector<std::string>& endings,
                           NameOf name_of)
    : wanted_(std::move(wanted)), clip_ending_(endings.front()), name_of_(name_of) {
  for (const std::string& ending : endings)
    files_[ending];
}

bool SpeakerFiles::wants(int speaker) const {
  return is_wanted(name_of_speaker(speaker), wanted_);
}

bool SpeakerFiles::meet(int speaker) {
  met_.insert(speaker);
  return wants(speaker);
}

void SpeakerFiles::add_folder(int speaker, const fs::path& folder) {
  if (!fs::is_directory(folder))
    return;
  for (const fs::path& file : list_folder(folder)) {
    const auto kind = files_.find(lower_case(file.extension().string()));
    if (kind == files_.end() || fs::is_directory(file))
      continue;
    if (std::optional<std::string> name = name_of_(file))
      kind->second.add({speaker, *std::move(name)}, file);
  }
}

void SpeakerFiles::add_archives(const fs::path& folder) {
  for (const std::vector<fs::path>& parts : find_archives(folder)) {
    const std::optional<int> speaker = speaker_of_archive(parts.front());
    if (!speaker || meet(*speaker))
      add_archive(std::make_shared<const Archive>(parts));
  }
}

void SpeakerFiles::add_archive(const std::shared_ptr<const Archive>& archive) {
  archive->visit([&](const Archive::Member& member) {
    const fs::path path(member.name);
    const auto kind = files_.find(lower_case(path.extension().string()));
    if (kind == files_.end())
      return;
    const std::optional<int> speaker = speaker_of_member(path, *archive);
    std::optional<std::string> name = name_of_(path);
    if (!speaker || !name)
      return;
    if (kind->first == clip_ending_)
      meet(*speaker);
    if (wants(*speaker))
      kind->second.add({*speaker, *std::move(name)}, archive, member);
  });
}

std::vector<std::string> SpeakerFiles::speakers() const {
  std::vector<std::string> names;
  for (const int speaker : met_)
    names.push_back(name_of_speaker(speaker));
  return names;
}

}  // namespace lipsound2::corpora
