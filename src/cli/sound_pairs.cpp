#include "sound_pairs.h"

#include "lipsound2/core/error.h"

namespace lipsound2::cli {
namespace {

namespace fs = std::filesystem;

Places sounds_by_stem(const fs::path& folder) {
  Places sounds;
  for (const auto& item : fs::directory_iterator(folder))
    if (item.is_regular_file())
      require(sounds.emplace(item.path().stem().string(), item.path().string()).second,
              ErrorKind::kData,
              "{}: two files have the stem {}",
              folder.string(),
              item.path().stem().string());
  return sounds;
}

}  // namespace

SoundPairing pair_sounds(const fs::path& reference, const fs::path& degraded, Unpaired unpaired) {
  for (const fs::path& path : {reference, degraded})
    require(fs::exists(path), ErrorKind::kIo, "{}: no such file or folder", path.string());
  if (!fs::is_directory(reference) && !fs::is_directory(degraded))
    return {{{degraded.stem().string(), reference, degraded}}, {}};
  require(fs::is_directory(reference) && fs::is_directory(degraded),
          ErrorKind::kUsage,
          "--reference and --degraded must be two files or two folders");
  const Places references = sounds_by_stem(reference);
  const Places others = sounds_by_stem(degraded);
  Pairing pairing = pair_ids(references, others, unpaired);
  require(!pairing.ids.empty(),
          ErrorKind::kData,
          "{}: holds no file with a partner of the same stem in {}",
          reference.string(),
          degraded.string());
  SoundPairing sounds{{}, std::move(pairing.unpaired)};
  for (const std::string& stem : pairing.ids)
    sounds.pairs.push_back({stem, references.at(stem), others.at(stem)});
  return sounds;
}

}  // namespace lipsound2::cli
