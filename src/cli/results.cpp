#include "results.h"

#include <set>

#include "lipsound2/core/error.h"

namespace lipsound2::cli {

void check_results(const StemResults& results) {
  namespace fs = std::filesystem;
  std::set<std::string> stems;
  for (const std::string& file : results.files) {
    require(fs::exists(file), ErrorKind::kIo, "{}: no such file", file);
    const std::string stem = fs::path(file).stem().string();
    require(stems.insert(stem).second,
            ErrorKind::kUsage,
            "{}: another file has the same stem, so {}{} would be written twice",
            file,
            stem,
            results.extensions.front());
    for (const std::string& extension : results.extensions) {
      const fs::path target = results.out / (stem + extension);
      require(!fs::exists(target) || !fs::equivalent(target, file),
              ErrorKind::kUsage,
              "{}: --out would overwrite this file",
              file);
    }
  }
}

}  // namespace lipsound2::cli
