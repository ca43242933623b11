#include "lipsound2/experiment/evaluation.h"

#include <sstream>

#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/progress.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/eval/stoi.h"

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

std::map<std::string, std::string> known_metrics() {
  return {{"stoi", "STOI, Taal et al. 2011, at 10 kHz"},
          {"estoi", "extended STOI, Jensen and Taal 2016, at 10 kHz"}};
}

std::vector<std::string> parse_metrics(const std::string& list) {
  std::vector<std::string> metrics;
  std::stringstream stream(list);
  const auto known = known_metrics();
  for (std::string name; std::getline(stream, name, ',');) {
    std::string names;
    for (const auto& [metric, description] : known)
      names += (names.empty() ? "" : ", ") + metric;
    require(known.contains(name),
            ErrorKind::kUsage,
            "--metrics: '{}' is not a known metric; expected some of {}",
            name,
            names);
    metrics.push_back(name);
  }
  require(!metrics.empty(), ErrorKind::kUsage, "--metrics: expected at least one name");
  return metrics;
}

eval::ScoreTable empty_table(const std::vector<std::string>& metrics) {
  eval::ScoreTable table;
  table.metrics = metrics;
  const auto known = known_metrics();
  for (const std::string& metric : metrics)
    table.variants[metric] = known.at(metric);
  return table;
}

eval::ClipScores score_pair(const std::string& id,
                            const audio::Waveform& reference,
                            const audio::Waveform& degraded,
                            const std::vector<std::string>& metrics) {
  eval::ClipScores clip;
  clip.id = id;
  try {
    const auto scores = eval::stoi(reference, degraded);
    if (!scores)
      clip.failure = "the reference has fewer than 30 frames (0.4 s) of speech";
    else
      for (const std::string& metric : metrics)
        clip.scores[metric] = metric == "stoi" ? scores->stoi : scores->estoi;
  } catch (const Error& error) {  // samples that are not finite, say: counted and named, not fatal
    clip.failure = error.what();
  }
  return clip;
}

eval::ScoreTable evaluate(Synthesizer& synthesizer,
                          const ExperimentConfig& config,
                          const Evaluation& evaluation,
                          const std::function<void(const EvaluatedClip&)>& keep) {
  const fs::path folder = evaluation.manifest.parent_path();
  data::Loader loader(folder, shown_videos(evaluation), listing_loader(config));
  const audio::MelSpectrogram mel(config.audio);
  eval::ScoreTable table = empty_table(evaluation.metrics);
  Progress progress("scoring", static_cast<std::int64_t>(evaluation.clips.size()), "clips");
  loader.start(/*epoch=*/0);
  while (const auto batch = loader.next())
    for (GeneratedMel& generated : synthesizer.mels(*batch)) {
      EvaluatedClip clip;
      clip.entry = evaluation.clips.at(table.clips.size());
      clip.reference = audio::decode_sound(data::read_clip(folder, clip.entry).flac, clip.entry.id);
      clip.reference_mel = mel(clip.reference.samples);
      clip.generated = std::move(generated);
      clip.sound = synthesizer.sound(clip.generated.mel);
      table.clips.push_back(
          score_pair(clip.entry.id, clip.reference, clip.sound, evaluation.metrics));
      keep(clip);
      progress.update(static_cast<std::int64_t>(table.clips.size()));
    }
  return table;
}

}  // namespace lipsound2::experiment
