#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lipsound2/eval/score_table.h"

#include "bootstrap.h"

namespace lipsound2::eval {

/// The clip's own score, if it has one. Throws kNumeric, naming the clip, when it is not finite.
std::optional<double> score_of(const ClipScores& clip, const std::string& metric);

/// What the clip adds to the mean of a metric: its score; of a corpus rate, its errors. Nothing
/// when it was not scored. Throws kNumeric, naming the clip, for a score that is not finite, and
/// kData for a corpus rate without the counts behind it: a mean of rates is another number.
std::optional<Share> share_of(const ClipScores& clip, const std::string& metric);

/// Those of all clips that have one.
std::vector<Share> shares_of(const ScoreTable& table, const std::string& metric);

}  // namespace lipsound2::eval
