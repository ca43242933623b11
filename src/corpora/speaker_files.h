#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "found_files.h"

namespace lipsound2::corpora {

/// 7 for "s7", as the speakers of GRID and CMLR are called; nothing for another name.
std::optional<int> numbered_speaker(std::string_view name);
/// The reverse.
std::string name_of_speaker(int number);

/// The folders sN in a folder, by speaker; none when there is no such folder.
std::multimap<int, std::filesystem::path> numbered_folders(const std::filesystem::path& folder);

/// The files of a corpus whose speakers are numbered, unpacked and in archives, by their endings.
class SpeakerFiles {
 public:
  /// What tells a file from the others of its speaker, such as "bbaf2n"; nothing for one that is
  /// passed over.
  using NameOf = std::optional<std::string> (*)(const std::filesystem::path&);

  /// Takes files with these endings, in whatever case, of which the first is that of the clips.
  /// Without `wanted` speakers those of all.
  SpeakerFiles(std::vector<std::string> wanted,
               const std::vector<std::string>& endings,
               NameOf name_of);

  bool wants(int speaker) const;
  /// The same of a speaker of whom there are clips, which is noted.
  bool meet(int speaker);
  /// Takes the files in a folder, not those below it. Call it before add_archives().
  void add_folder(int speaker, const std::filesystem::path& folder);
  /// Takes those in the archives of a folder. An archive of a speaker whom nobody wants, such as
  /// s3.zip, is not opened.
  void add_archives(const std::filesystem::path& folder);

  const FoundFiles& with_ending(const std::string& ending) const { return files_.at(ending); }
  /// Names of all who were met, wanted or not.
  std::vector<std::string> speakers() const;

 private:
  void add_archive(const std::shared_ptr<const Archive>& archive);

  std::vector<std::string> wanted_;
  std::string clip_ending_;
  NameOf name_of_;
  std::map<std::string, FoundFiles> files_;
  std::set<int> met_;
};

}  // namespace lipsound2::corpora
