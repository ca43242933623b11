#include "version.h"

#include <fmt/format.h>

#include "commit.h"  // written by cmake/Commit.cmake

namespace lipsound2::cli {

std::string program_version() {
  return fmt::format("{} (commit {})", kVersion, kCommit);
}

}  // namespace lipsound2::cli
