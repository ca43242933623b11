#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace lipsound2::corpora {

/// Files laid end to end, as one to read from. Safe to use from several threads.
class JoinedFiles {
 public:
  struct Part {
    std::filesystem::path path;
    std::uint64_t begin = 0;  ///< of its first byte in the whole
    std::uint64_t bytes = 0;
    int descriptor = -1;
  };

  /// Throws kIo when one cannot be opened.
  explicit JoinedFiles(const std::vector<std::filesystem::path>& files);
  ~JoinedFiles();
  JoinedFiles(const JoinedFiles&) = delete;
  JoinedFiles& operator=(const JoinedFiles&) = delete;

  std::uint64_t size() const;
  /// Bytes from `position` on; less than `count` only at the end. Throws kIo, naming the file, when
  /// the disk fails.
  std::uint64_t read(std::uint64_t position, char* to, std::uint64_t count) const;
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

}  // namespace lipsound2::corpora
