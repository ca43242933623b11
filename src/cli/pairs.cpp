#include "pairs.h"

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

namespace lipsound2::cli {

Pairing pair_ids(const Places& reference, const Places& degraded, Unpaired unpaired) {
  Pairing pairing;
  for (const auto& [id, place] : reference)
    if (degraded.contains(id))
      pairing.ids.push_back(id);
    else
      pairing.unpaired.push_back(place);
  for (const auto& [id, place] : degraded)
    if (!reference.contains(id))
      pairing.unpaired.push_back(place);
  require(pairing.unpaired.empty() || unpaired == Unpaired::kListed,
          ErrorKind::kData,
          "without a partner of the same name (--allow-unpaired scores the others):\n  {}",
          fmt::join(pairing.unpaired, "\n  "));
  return pairing;
}

}  // namespace lipsound2::cli
