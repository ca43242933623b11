#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
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
