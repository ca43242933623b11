#include "lipsound2/experiment/evaluation.h"

#include <algorithm>

#include <torch/torch.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/eval/sound_metrics.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

// The clips whose videos are shown: the same, or each one's partner half the list away.
std::vector<data::ManifestEntry> shown_videos(const Evaluation& evaluation) {
  std::vector<data::ManifestEntry> shown = evaluation.clips;
  if (evaluation.videos == Videos::kSwapped) {
    require(shown.size() >= 2,
            ErrorKind::kUsage,
            "--swap-videos needs at least two clips, found {}",
            shown.size());
    std::rotate(
        shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(shown.size() / 2), shown.end());
  }
  return shown;
}

}  // namespace

eval::ScoreTable evaluate(Synthesizer& synthesizer,
                          const ExperimentConfig& config,
                          const Evaluation& evaluation,
                          const std::function<void(const EvaluatedClip&)>& keep) {
  const fs::path folder = evaluation.manifest.parent_path();
  data::Loader loader(folder, shown_videos(evaluation), listing_loader(config));
  const audio::MelSpectrogram mel(config.audio);
  eval::ScoreTable table = eval::empty_table(evaluation.metrics);
  Progress progress("scoring", static_cast<std::int64_t>(evaluation.clips.size()), "clips");
  loader.start(/*epoch=*/0);
  while (const auto batch = loader.next())
    for (GeneratedMel& generated : synthesizer.mels(*batch)) {
      EvaluatedClip clip;
      clip.entry = evaluation.clips.at(table.clips.size());
      clip.reference = data::read_clip_sound(folder, clip.entry);
      clip.reference_mel = mel(clip.reference.samples);
      clip.generated = std::move(generated);
      clip.sound = synthesizer.sound(clip.generated.mel);
      table.clips.push_back(
          eval::score_sounds(clip.entry.id, clip.reference, clip.sound, evaluation.metrics));
      table.clips.back().speaker = clip.entry.speaker;
      keep(clip);
      progress.update(static_cast<std::int64_t>(table.clips.size()));
    }
  return table;
}

}  // namespace lipsound2::experiment
