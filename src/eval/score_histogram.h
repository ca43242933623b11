#pragma once

#include <string>

#include "lipsound2/eval/score_table.h"

namespace lipsound2::eval {

/// The distribution of a metric's scores, of which there is at least one, as an SVG element: bars
/// that count clips, a diamond and a solid line at the mean, a bar with end caps for its 95 %
/// interval, a triangle and a dashed line at the median. `summary` is that of the metric.
std::string score_histogram(const ScoreTable& table,
                            const std::string& metric,
                            const Summary& summary);

}  // namespace lipsound2::eval
