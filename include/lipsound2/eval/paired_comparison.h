#pragma once

#include <cstdint>
#include <string>

#include "lipsound2/eval/score_table.h"

namespace lipsound2::eval {

/// How the scores of one metric differ between two evaluations of the same clips.
struct PairedDifference {
  std::int64_t clips = 0;     ///< scored in both, paired by id
  std::int64_t unpaired = 0;  ///< scored in one only: left out
  double mean = 0;            ///< second minus first; of wer and cer, of the corpus rates
  double low = 0, high = 0;   ///< 95 % percentile bootstrap interval of that mean
  double p = 1;               ///< two-sided, of the sign-flip permutation test (Fisher 1935)
};

/// 10000 resamples and 10000 random sign flips from fixed seeds: the same scores give the same
/// numbers, and p is at least 1e-4. Throws kData when fewer than two clips are scored in both, and
/// when errors of a clip were counted on different references. Everything is NaN, and p is 1, where
/// all references are empty.
PairedDifference paired_difference(const ScoreTable& first,
                                   const ScoreTable& second,
                                   const std::string& metric);

/// A table for a terminal over the metrics that both have. Throws kData when they share none.
std::string comparison_text(const ScoreTable& first, const ScoreTable& second);

/// {metric: {"clips", "unpaired", "difference", "ci95", "p"}}.
std::string comparison_json(const ScoreTable& first, const ScoreTable& second);

}  // namespace lipsound2::eval
