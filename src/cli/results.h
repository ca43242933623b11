#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lipsound2::cli {

/// Files that each give results named after their stems: <out>/<stem><extension>.
struct StemResults {
  std::vector<std::string> files;
  std::filesystem::path out;
  std::vector<std::string> extensions;  ///< such as ".wav"; none: nothing is written
};

/// Throws before anything is made: kIo for a file that is missing, kUsage for results that would
/// overwrite a source or each other.
void check_results(const StemResults& results);

}  // namespace lipsound2::cli
