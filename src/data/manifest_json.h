#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "lipsound2/data/manifest.h"

namespace lipsound2::data {

/// The fields that say what a clip is, but not where it lies, in the order of the manifest.
nlohmann::ordered_json describe_clip(const ManifestEntry& entry);

/// One line of JSON. Throws kData, naming the id, for text that is not UTF-8.
std::string to_text(const nlohmann::ordered_json& json, const std::string& id);

}  // namespace lipsound2::data
