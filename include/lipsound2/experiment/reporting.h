#pragma once

#include "lipsound2/experiment/evaluation.h"
#include "lipsound2/experiment/transcriber.h"
#include "lipsound2/train/trainer.h"

namespace lipsound2::experiment {

/// What `eval` was asked for.
struct EvaluationRequest {
  std::string run;  ///< run or checkpoint; empty: the latest run
  std::string split = "test";
  std::string vocoder = "griffin-lim";  ///< or a run or checkpoint of a vocoder
  std::string manifest;                 ///< empty: the one the run was trained on
  std::vector<std::string> metrics;     ///< of sounds and of texts
  std::string recognizer;               ///< its run or checkpoint, where texts are scored
  DecodingConfig decoding = {};
  Videos videos = Videos::kOwn;
  std::string program;  ///< version of the program, for the report; empty: unknown
};

struct EvaluationResult {
  /// <run>/eval/<split>: scores.json; of a lip2mel run report.html, wav/<id>.wav,
  /// figures/<id>_*.png. With another manifest than the run's, <split>-of-<its folder>; with
  /// swapped videos, -swapped.
  std::filesystem::path folder;
  std::string table;  ///< for people
  std::string json;   ///< what scores.json holds
};

/// Synthesizes and scores a split and writes everything into the run's folder. With metrics of
/// texts the recognizer hears the synthesized sounds and, for comparison, the natural ones, whose
/// scores are below the table and in natural.json; what was heard is in heard.tsv and natural.tsv.
/// Throws kUsage when texts are to be scored without a recognizer.
EvaluationResult evaluate_run(const EvaluationRequest& request);

/// Scores the recognizer of request.run on the natural sounds of a split by metrics of texts and
/// writes scores.json and heard.tsv into the run's folder.
EvaluationResult evaluate_recognizer(const EvaluationRequest& request);

}  // namespace lipsound2::experiment
