#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lipsound2/eval/text_errors.h"

namespace lipsound2::eval {

/// What one clip scored. A clip may have some scores and still fail at others.
struct ClipScores {
  std::string id;
  /// By name of the metric. An error rate is that of the clip alone, and missing when its reference
  /// is empty.
  std::map<std::string, double> scores;
  std::string failure;       ///< why the clip has no (or not all) scores; empty if it has
  std::string speaker = "";  ///< may be empty
  std::string note = "";     ///< such as how two lengths were reconciled; may be empty
  std::map<std::string, ErrorCounts> errors = {};  ///< by corpus rate, see is_corpus_rate()
};

/// All scores of one evaluation.
struct ScoreTable {
  std::vector<std::string> metrics;             ///< in the order in which they are shown
  std::vector<ClipScores> clips;                ///< in the order in which they are shown
  std::map<std::string, std::string> variants;  ///< metric -> what exactly was computed
};

/// One metric over all clips. mean, median, low and high are NaN when no clip was scored, or all
/// references are empty.
struct Summary {
  /// Of the clips' scores. Of a corpus rate (wer, cer) all errors over all reference units, never
  /// the mean of the clips' rates.
  double mean = 0;
  double median = 0;  ///< of the clips' scores
  double low = 0;     ///< 95 % interval of the mean: lower end
  double high = 0;    ///< and upper end
  std::int64_t scored = 0;
  std::int64_t failed = 0;  ///< clips without this score
  ErrorCounts errors = {};  ///< of a corpus rate: those of all clips
};

/// Mean and percentile bootstrap interval over clips (Efron 1979; 10000 resamples, fixed seed: the
/// same scores give the same interval). Throws kNumeric, naming the clip, when a score is not
/// finite, and kData when a clip has a corpus rate without the counts behind it.
Summary summarize(const ScoreTable& table, const std::string& metric);

/// The clips of each speaker that is known, without metrics and variants.
std::map<std::string, ScoreTable> tables_by_speaker(const ScoreTable& table);

/// A score as people read it: "0.5523"; error rates in percent; "-" for NaN.
std::string score_text(const std::string& metric, double value);

/// A table of the summaries for a terminal, one of the corpus rates with their counts, the means by
/// speaker where there are several, and below them one line per clip that failed.
std::string to_text(const ScoreTable& table);

/// {"n", "failed", "metrics": {name: {"mean", "median", "ci95": [low, high], "scored", "failed",
/// "errors" of a corpus rate}}, "clips": [{"id", "speaker" if known, name: score..., "errors":
/// {name: errors} of corpus rates, "failure" if any, "note" if any}], "speakers": {speaker: {name:
/// {"mean", "scored"}}} if known, "variants": {name: text}}, where errors are {"units", "hits",
/// "substitutions", "deletions", "insertions"}. "mean" of a corpus rate is the rate of the corpus.
/// Values that no clip has are null; error rates are fractions of 1.
std::string to_json(const ScoreTable& table);

/// What to_json() wrote. Throws kData, with `name`, for anything else.
ScoreTable from_json(const std::string& text, const std::string& name);

/// A line per clip: id, speaker, the metrics in their order (empty where there is no score), each
/// corpus rate followed by its counts, the failure, the note. Quoted as RFC 4180 says.
std::string to_csv(const ScoreTable& table);

}  // namespace lipsound2::eval
