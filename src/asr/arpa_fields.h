#pragma once

#include <optional>
#include <string_view>

namespace lipsound2::asr {

/// Takes the next field off a line; empty at the end.
std::string_view take_field(std::string_view& rest);

/// A number of at most 18 digits without an exponent, by one division of exact numbers; nothing for
/// what else it may be.
std::optional<float> plain_number(std::string_view field);

}  // namespace lipsound2::asr
