#include "results.h"

#include <set>

#include "lipsound2/core/error.h"

namespace lipsound2::cli {

void check_results(const StemResults& results) {
  namespace fs = std::filesystem;
  std::set<std::string> names;
  for (const std::string& file : results.files) {
    require(fs::exists(file), ErrorKind::kIo, "{}: no such file", file);
    for (const std::string& extension : results.extensions) {
      const std::string name = fs::path(file).stem().string() + extension;
      require(names.insert(name).second,
              ErrorKind::kUsage,
              "{}: another file has the same stem, so {} would be written twice",
              file,
              name);
      const fs::path target = results.out / name;
      require(!fs::exists(target) || !fs::equivalent(target, file),
              ErrorKind::kUsage,
              "{}: --out would overwrite this file",
              file);
    }
  }
}

}  // namespace lipsound2::cli
