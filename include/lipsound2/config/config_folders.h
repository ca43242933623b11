#pragma once

#include <filesystem>
#include <vector>

namespace lipsound2::config {

/// Where files that come with the program are looked for: the current folder, then the configs of
/// an installed program, then those of the sources that it was built from.
std::vector<std::filesystem::path> config_folders();

}  // namespace lipsound2::config
