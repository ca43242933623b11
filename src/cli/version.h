#pragma once

#include <string>

namespace lipsound2::cli {

/// The program's version and the commit that it was built from, such as "0.1.0 (commit 4fa46ba)";
/// "-dirty" after the commit when there were changes beside it, "unknown" without git.
std::string program_version();

}  // namespace lipsound2::cli
