#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lipsound2/data/manifest.h"

namespace lipsound2::data {

/// One line of a manifest. Throws kData, beginning with `where`, for a line that is no JSON object,
/// a missing field, a wrong type or a number out of range.
ManifestEntry parse_entry(std::string_view line, const std::string& where);

/// The same for a line as to_json_line() writes it for plain ASCII texts, many times faster.
/// Nothing for any other line, good or bad: that is parse_entry()'s to judge.
std::optional<ManifestEntry> scan_entry(std::string_view line);

}  // namespace lipsound2::data
