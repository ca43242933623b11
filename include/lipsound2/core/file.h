#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lipsound2 {

/// The whole file as bytes. Throws kIo with the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// A file that appears whole or not at all: written under a temporary name beside `path`, flushed
/// to the disk and renamed by commit(). Without commit() the temporary file is removed and an older
/// `path` stays as it was. Every failed write (a full disk, a size limit) throws kIo.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  /// For libraries that write by themselves; then commit() as usual.
  int descriptor() const;
  /// Bytes written by write() so far.
  std::size_t size() const { return size_; }
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
  std::size_t size_ = 0;
};

/// Writes all bytes through an AtomicFile.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Creates the folder and its parents. Throws kIo with the path and the reason.
void make_folder(const std::filesystem::path& path);

/// Removes the temporary files that killed AtomicFiles left in the folder: those whose process on
/// this machine is gone, and those, also of other machines, that nobody touched for a day.
void remove_temporaries(const std::filesystem::path& folder);

/// Appends one line and flushes it, so that a kill loses at most the line in flight. Throws kIo.
void append_line(const std::filesystem::path& path, std::string_view line);

}  // namespace lipsound2
