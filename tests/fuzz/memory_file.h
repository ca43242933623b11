#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

namespace lipsound2::fuzz {

/// A file in memory, for what reads files by name. One a process is enough.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzz", 0)) {
    if (descriptor_ < 0)
      std::abort();
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// From now on the file holds these bytes.
  void hold(std::string_view bytes) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(bytes.size())) != 0 ||
        ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }

  std::filesystem::path folder() const { return "/proc/self/fd"; }
  std::string name() const { return std::to_string(descriptor_); }
  std::filesystem::path path() const { return folder() / name(); }

 private:
  int descriptor_;
};

}  // namespace lipsound2::fuzz
