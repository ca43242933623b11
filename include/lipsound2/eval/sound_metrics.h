#pragma once

#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/eval/score_table.h"

namespace lipsound2::eval {

/// A metric of two sounds, by the name that `--metrics` takes.
struct SoundMetric {
  std::string name;
  std::string variant;  ///< what exactly is computed
};

/// All that are known, in the order in which they are listed.
std::vector<SoundMetric> sound_metrics();

/// Splits "stoi,estoi". Throws kUsage, naming the known ones, for any other.
std::vector<std::string> parse_sound_metrics(const std::string& list);

/// No clips yet, with the variants of these metrics.
ScoreTable empty_table(const std::vector<std::string>& metrics);

/// Scores of one pair of sounds of the same rate. A metric that cannot score the pair leaves no
/// score, and the clip's failure text names it with the reason. Any thread may call it.
ClipScores score_sounds(const std::string& id,
                        const audio::Waveform& reference,
                        const audio::Waveform& degraded,
                        const std::vector<std::string>& metrics);

}  // namespace lipsound2::eval
