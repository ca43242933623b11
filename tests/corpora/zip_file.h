#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <zip.h>

#include "lipsound2/core/file.h"

namespace lipsound2::corpora {

enum class Packing { kStored, kDeflated };
using ZipMembers = std::vector<std::pair<std::string, std::string>>;  ///< name and bytes

/// Writes a zip archive, its members in the given order; a name that ends with / is a folder.
inline void write_zip(const std::filesystem::path& file,
                      const ZipMembers& members,
                      Packing packing = Packing::kStored) {
  make_folder(file.parent_path());
  zip_t* zip = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  bool written = zip != nullptr;
  for (const auto& [name, bytes] : members) {
    if (name.ends_with('/')) {
      written = written && zip_dir_add(zip, name.c_str(), 0) >= 0;
      continue;
    }
    zip_source_t* source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(zip, name.c_str(), source, 0);
    const int method = packing == Packing::kStored ? ZIP_CM_STORE : ZIP_CM_DEFLATE;
    written = written && index >= 0 &&
              zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), method, 0) == 0;
  }
  if (!written || zip_close(zip) != 0)
    throw std::runtime_error("cannot write " + file.string());
}

/// Cuts a file into parts named as `split` does it, the last one smaller, and removes it.
inline void split_file(const std::filesystem::path& file, const std::string& stem, int parts) {
  const std::string bytes = read_file(file);
  const std::size_t size = bytes.size() / static_cast<std::size_t>(parts) + 1;
  for (int i = 0; i < parts; ++i)
    write_file(file.parent_path() / (stem + "a" + static_cast<char>('a' + i)),
               bytes.substr(static_cast<std::size_t>(i) * size, size));
  std::filesystem::remove(file);
}

}  // namespace lipsound2::corpora
