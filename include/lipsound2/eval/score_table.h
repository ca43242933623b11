#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lipsound2::eval {

/// What one clip scored. A clip may have some scores and still fail at others.
struct ClipScores {
  std::string id;
  std::map<std::string, double> scores;  ///< by name of the metric
  std::string failure;       ///< why the clip has no (or not all) scores; empty if it has
  std::string speaker = "";  ///< may be empty
  std::string note = "";     ///< such as how two lengths were reconciled; may be empty
};

/// All scores of one evaluation.
struct ScoreTable {
  std::vector<std::string> metrics;             ///< in the order in which they are shown
  std::vector<ClipScores> clips;                ///< in the order in which they are shown
  std::map<std::string, std::string> variants;  ///< metric -> what exactly was computed
};

/// One metric over all clips. mean, median, low and high are NaN when no clip was scored.
struct Summary {
  double mean = 0;
  double median = 0;
  double low = 0;   ///< 95 % interval of the mean: lower end
  double high = 0;  ///< and upper end
  std::int64_t scored = 0;
  std::int64_t failed = 0;  ///< clips without this score
};

/// Mean and percentile bootstrap interval (Efron 1979; 10000 resamples, fixed seed: the same scores
/// give the same interval). Throws kNumeric, naming the clip, when a score is not finite.
Summary summarize(const ScoreTable& table, const std::string& metric);

/// The clips of each speaker that is known, without metrics and variants.
std::map<std::string, ScoreTable> tables_by_speaker(const ScoreTable& table);

/// A score as people read it: "0.5523"; error rates (wer, cer) in percent; "-" for NaN.
std::string score_text(const std::string& metric, double value);

/// A table of the summaries for a terminal, the means by speaker where there are several, and below
/// it one line per clip that failed.
std::string to_text(const ScoreTable& table);

/// {"n", "failed", "metrics": {name: {"mean", "median", "ci95": [low, high], "scored", "failed"}},
/// "clips": [{"id", "speaker" if known, name: score..., "failure" if any}], "speakers": {speaker:
/// {name: {"mean", "scored"}}} if known, "variants": {name: text}}. Values that no
/// clip has are null; error rates are fractions of 1.
std::string to_json(const ScoreTable& table);

/// What to_json() wrote. Throws kData, with `name`, for anything else.
ScoreTable from_json(const std::string& text, const std::string& name);

/// A line per clip: id, speaker, the metrics in their order (empty where there is no score), the
/// failure, the note. Quoted as RFC 4180 says.
std::string to_csv(const ScoreTable& table);

}  // namespace lipsound2::eval
