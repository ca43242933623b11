#pragma once

#include <functional>

#include "lipsound2/data/manifest.h"
#include "lipsound2/eval/score_table.h"
#include "lipsound2/experiment/synthesizer.h"

namespace lipsound2::experiment {

/// What was made of a clip, for whoever wants to keep it.
struct EvaluatedClip {
  data::ManifestEntry entry;
  GeneratedMel generated;
  Tensor reference_mel;  ///< [M, bands] natural log
  audio::Waveform reference;
  audio::Waveform sound;
};

enum class Videos { kOwn, kSwapped };

struct Evaluation {
  std::filesystem::path manifest;
  std::vector<data::ManifestEntry> clips;
  std::vector<std::string> metrics;  ///< of known_metrics()
  Videos videos =
      Videos::kOwn;  ///< kSwapped gives each clip the video of the one half the list away
};

/// The metrics `eval` and `score` know, with what each is exactly.
std::map<std::string, std::string> known_metrics();
/// Splits "stoi,estoi". Throws kUsage, naming the known ones, for any other.
std::vector<std::string> parse_metrics(const std::string& list);

/// No clips yet, with the descriptions of these metrics.
eval::ScoreTable empty_table(const std::vector<std::string>& metrics);

/// Scores of one pair of sounds; a clip that cannot be scored has a failure text instead.
eval::ClipScores score_pair(const std::string& id,
                            const audio::Waveform& reference,
                            const audio::Waveform& degraded,
                            const std::vector<std::string>& metrics);

/// Synthesizes and scores every clip, in order; `keep` sees each one.
eval::ScoreTable evaluate(Synthesizer& synthesizer,
                          const ExperimentConfig& config,
                          const Evaluation& evaluation,
                          const std::function<void(const EvaluatedClip&)>& keep);

}  // namespace lipsound2::experiment
