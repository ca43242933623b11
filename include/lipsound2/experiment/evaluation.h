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
  std::vector<std::string> metrics;  ///< names of eval::sound_metrics()
  Videos videos =
      Videos::kOwn;  ///< kSwapped gives each clip the video of the one half the list away
};

/// Synthesizes and scores every clip, in order; `keep` sees each one.
eval::ScoreTable evaluate(Synthesizer& synthesizer,
                          const ExperimentConfig& config,
                          const Evaluation& evaluation,
                          const std::function<void(const EvaluatedClip&)>& keep);

}  // namespace lipsound2::experiment
