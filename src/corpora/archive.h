#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::corpora {

/// A zip archive that is read in place, also one that its distributor split into parts. Safe to use
/// from several threads; bytes are read by one of them at a time.
class Archive {
 public:
  struct Member {
    std::string_view name;   ///< such as "s1/bbaf2n.mpg"
    std::int64_t bytes = 0;  ///< unpacked
  };

  /// `parts` are laid end to end in their order. Reads the directory of the archive, which then
  /// takes about 230 bytes a member. Throws kIo when a file cannot be read, kData when they are no
  /// zip archive or not all of one, saying which part looks wrong.
  explicit Archive(std::vector<std::filesystem::path> parts);
  ~Archive();

  /// The files in the order of their names, but for what macOS leaves behind (__MACOSX, ._ files).
  void visit(const std::function<void(const Member&)>& visitor) const;
  bool holds(const std::string& member) const;
  /// A whole file, its checksum verified. Throws kData, naming archive and member, when it is
  /// missing or damaged, kIo when the disk fails.
  std::string read(const std::string& member) const;

  /// For messages: the file, or that of the parts with a star for what differs.
  const std::string& name() const { return name_; }

 private:
  struct Zip;

  std::string name_;
  std::unique_ptr<Zip> zip_;
  mutable std::mutex reading_;
};

/// The zip archives in a folder by name, each with its files: "vox2_dev_mp4_partaa", "...ab" and so
/// on are one. Throws kData when a part in the middle or the first one is missing.
std::vector<std::vector<std::filesystem::path>> find_archives(const std::filesystem::path& folder);

}  // namespace lipsound2::corpora
