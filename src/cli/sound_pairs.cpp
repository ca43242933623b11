#include "sound_pairs.h"

#include <map>

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;

std::map<std::string, fs::path> sounds_by_stem(const fs::path& folder) {
  std::map<std::string, fs::path> sounds;
  for (const auto& item : fs::directory_iterator(folder))
    if (item.is_regular_file())
      require(sounds.emplace(item.path().stem().string(), item.path()).second,
              ErrorKind::kData,
              "{}: two files have the stem {}",
              folder.string(),
              item.path().stem().string());
  return sounds;
}

Pairing pair_folders(const fs::path& reference, const fs::path& degraded) {
  Pairing pairing;
  auto others = sounds_by_stem(degraded);
  for (const auto& [stem, file] : sounds_by_stem(reference)) {
    const auto other = others.extract(stem);
    if (other.empty())
      pairing.unpaired.push_back(file.string());
    else
      pairing.pairs.push_back({stem, file, other.mapped()});
  }
  for (const auto& [stem, file] : others)
    pairing.unpaired.push_back(file.string());
  return pairing;
}

}  // namespace

Pairing pair_sounds(const fs::path& reference, const fs::path& degraded, Unpaired unpaired) {
  for (const fs::path& path : {reference, degraded})
    require(fs::exists(path), ErrorKind::kIo, "{}: no such file or folder", path.string());
  if (!fs::is_directory(reference) && !fs::is_directory(degraded))
    return {{{degraded.stem().string(), reference, degraded}}, {}};
  require(fs::is_directory(reference) && fs::is_directory(degraded),
          ErrorKind::kUsage,
          "--reference and --degraded must be two files or two folders");
  Pairing pairing = pair_folders(reference, degraded);
  require(pairing.unpaired.empty() || unpaired == Unpaired::kListed,
          ErrorKind::kData,
          "files without a partner of the same stem (--allow-unpaired scores the others):\n  {}",
          fmt::join(pairing.unpaired, "\n  "));
  require(!pairing.pairs.empty(),
          ErrorKind::kData,
          "{}: holds no file with a partner of the same stem in {}",
          reference.string(),
          degraded.string());
  return pairing;
}

}  // namespace lipsound2::cli
