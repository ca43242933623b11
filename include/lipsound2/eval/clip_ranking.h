#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lipsound2/eval/score_table.h"

namespace lipsound2::eval {

/// Which scores of a metric are the good ones.
enum class Better { kHigher, kLower, kNearZero };

/// By the metric's name: higher for stoi, estoi and names that begin with pesq; nearer to zero for
/// delay; lower for all others, which are distances and errors.
Better better_scores(const std::string& metric);

/// A clip that stands for others.
struct RankedClip {
  std::string rank;       ///< such as "Best by stoi, 1 of 40"
  std::size_t index = 0;  ///< in ScoreTable::clips
};

/// The best, the median and the worst of the clips that the first metric has scored. Of equal clips
/// the one that is listed first ranks higher; of two middle ones the higher is the median. No clip
/// is named twice: one clip is the best, of two the second is the worst. Throws kNumeric, naming
/// the clip, when a score is not finite.
std::vector<RankedClip> best_median_worst(const ScoreTable& table);

}  // namespace lipsound2::eval
