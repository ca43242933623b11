#pragma once

#include <string>
#include <vector>

namespace lipsound2::eval {

/// Splits "stoi,estoi"; a name that comes twice counts once. Throws kUsage, naming those that are
/// known, for any other, and when there is none.
std::vector<std::string> parse_metrics(const std::string& list,
                                       const std::vector<std::string>& known);

}  // namespace lipsound2::eval
