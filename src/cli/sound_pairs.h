#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pairs.h"

namespace lipsound2::cli {

/// Two sounds to compare.
struct SoundPair {
  std::string id;  ///< the stem of the degraded file
  std::filesystem::path reference;
  std::filesystem::path degraded;
};

struct SoundPairing {
  std::vector<SoundPair> pairs;
  std::vector<std::string> unpaired;  ///< files without a partner
};

/// Two files, or the files of two folders that have the same stem. Throws kIo for a path that is
/// not there, kUsage for a file and a folder, kData for files without a partner (if refused), for
/// two of one stem in a folder, and when there is no pair.
SoundPairing pair_sounds(const std::filesystem::path& reference,
                         const std::filesystem::path& degraded,
                         Unpaired unpaired);

}  // namespace lipsound2::cli
