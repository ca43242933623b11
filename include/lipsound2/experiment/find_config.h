#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/config/yaml.h"
#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

/// The file of this name: as a path, then with ".yaml" in the current folder, then among the
/// installed configs. Throws kConfig, listing where it looked.
std::filesystem::path find_config(const std::string& name);

/// Reads find_config(name) with overrides.
ExperimentConfig load_config(const std::string& name,
                             const std::vector<config::Override>& overrides);

/// config.data.manifest, or the only manifest.jsonl in or up to two folders below the current one.
/// Throws kData when there is none, or several.
std::filesystem::path find_manifest(const ExperimentConfig& config);

}  // namespace lipsound2::experiment
