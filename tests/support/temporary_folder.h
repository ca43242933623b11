#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>

#include <stdlib.h>  // mkdtemp() is POSIX

#include "lipsound2/core/file.h"

namespace lipsound2::testing {

/// An empty folder of its own for a test, removed with all that is in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lipsound2_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// Writes a file below the folder, making its folders.
  void write(const std::string& name, const std::string& bytes) const {
    make_folder((path_ / name).parent_path());
    write_file(path_ / name, bytes);
  }

 private:
  std::filesystem::path path_;
};

/// All files below a folder by name, with their bytes.
inline std::map<std::string, std::string> files_below(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[std::filesystem::relative(entry.path(), folder).string()] = read_file(entry.path());
  return files;
}

}  // namespace lipsound2::testing
