#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

namespace lipsound2::config {

/// The one YAML document of a text; null for a text without content. Throws kConfig, beginning with
/// `name` and the line, when it is no YAML or more than one document: yaml-cpp alone would pass
/// over the rest.
YAML::Node parse_yaml(const std::string& text, const std::string& name);

}  // namespace lipsound2::config
