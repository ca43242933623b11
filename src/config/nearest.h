#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lipsound2::config {

/// The known word with the fewest edits (Levenshtein) to `word`, if at most a third of it plus one
/// differs.
std::optional<std::string> nearest_word(const std::string& word,
                                        const std::vector<std::string>& known);

}  // namespace lipsound2::config
