#include "fetched_clips.h"

#include <fmt/format.h>

#include "lipsound2/core/progress.h"
#include "lipsound2/data/shard_sequence.h"
#include "lipsound2/experiment/find_config.h"

#include "corpus_writer.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;

fs::path fetch_clips(const ExperimentConfig& config,
                     std::vector<data::ManifestEntry> clips,
                     const fs::path& folder) {
  if (fs::exists(folder / "manifest.jsonl"))
    return folder / "manifest.jsonl";
  const fs::path manifest = find_manifest(config);
  CorpusWriter writer(
      folder,
      fmt::format("{} clips of {} from {}", clips.size(), manifest.string(), config.data.shards));
  Progress progress("fetching", std::ssize(clips), "clips");
  data::sort_by_place(clips);
  auto done = static_cast<std::int64_t>(writer.finished());
  clips.erase(clips.begin(), clips.begin() + done);
  data::read_in_sequence(manifest.parent_path(),
                         config.data.shards,
                         clips,
                         [&](const data::ManifestEntry& entry, const data::StoredClip& clip) {
                           writer.add(entry, clip);
                           progress.update(++done);
                         });
  return writer.finish();
}

}  // namespace lipsound2::experiment
