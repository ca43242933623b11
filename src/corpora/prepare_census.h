#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lipsound2/corpora/census.h"

namespace lipsound2::corpora {

nlohmann::ordered_json to_json(const Census& census);
/// Throws nlohmann's exceptions for what to_json() did not write.
Census census_from(const nlohmann::ordered_json& json);

}  // namespace lipsound2::corpora
