#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lipsound2/corpora/source_clip.h"

#include "archive.h"

namespace lipsound2::corpora {

/// Clips that lie in an archive and unpacked beside it. Read is the unpacked file; or, where its
/// size is another, as after an unpacking that was broken off, that of the archive.
struct StoredTwice {
  std::int64_t same = 0;
  std::int64_t other_size = 0;
  std::string example;  ///< of another size

  /// A line for people; nothing when there are none.
  std::vector<std::string> remarks() const;
};

/// 7 for "s7", as the speakers of GRID and CMLR are called; nothing for another name.
std::optional<int> numbered_speaker(std::string_view name);
/// The reverse.
std::string name_of_speaker(int number);

/// The speaker of an archive's member: the last folder on its way that is one, "s1/bbaf2n.mpg", or
/// what the archive itself is called, "s1.zip".
std::optional<int> speaker_of_member(std::string_view member, const Archive& archive);

/// 1 for "s1.zip" and "s1.mpg_vcd.zip"; nothing for an archive that is called otherwise.
std::optional<int> speaker_of_archive(const std::filesystem::path& file);

struct FoundFile {
  SourceFile source;
  std::int64_t bytes = 0;
};

/// Files of one kind, unpacked and in archives, by speaker and name. Unpacked ones come first; of
/// two that lie unpacked, or in archives, the first is taken.
class FoundFiles {
 public:
  /// Such as {1, "bbaf2n"}.
  using Key = std::pair<int, std::string>;

  void add(Key key, const std::filesystem::path& file);
  void add(Key key, const std::shared_ptr<const Archive>& archive, const Archive::Member& member);

  const std::map<Key, FoundFile>& files() const { return files_; }
  const FoundFile* find(const Key& key) const;
  /// Whether there is any of that speaker.
  bool has(int speaker) const;
  /// What lies there twice.
  std::vector<std::string> remarks() const;

 private:
  void add(Key key, FoundFile file);

  std::map<Key, FoundFile> files_;
  StoredTwice twice_;
  std::int64_t passed_over_ = 0;
  std::string passed_over_example_;
};

}  // namespace lipsound2::corpora
