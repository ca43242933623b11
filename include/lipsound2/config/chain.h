#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lipsound2/config/yaml.h"

namespace lipsound2::config {

/// One config file of a chain.
struct ChainEntry {
  std::string config;               ///< as it is written
  std::vector<Override> overrides;  ///< what `set` changes in it
};

/// The entries of a YAML file that lists other config files, to be used one after another:
///
///     stages:
///       - first.yaml
///       - config: second.yaml
///         set: {train.steps: 2000}
///
/// Nothing for a file without the key `stages`. Throws kConfig with every problem, file and line.
std::optional<std::vector<ChainEntry>> read_chain(const std::filesystem::path& file);

}  // namespace lipsound2::config
