#pragma once

#include <map>
#include <string>
#include <vector>

namespace lipsound2::cli {

/// Where clips stand, by id: a file, or a line of a transcript.
using Places = std::map<std::string, std::string>;

struct Pairing {
  std::vector<std::string> ids;       ///< those of both sides, sorted
  std::vector<std::string> unpaired;  ///< places of the clips without a partner
};

enum class Unpaired { kRefused, kListed };

/// Throws kData, with the places, for clips without a partner (if refused).
Pairing pair_ids(const Places& reference, const Places& degraded, Unpaired unpaired);

}  // namespace lipsound2::cli
