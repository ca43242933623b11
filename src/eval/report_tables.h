#pragma once

#include <map>
#include <string>

#include "lipsound2/eval/score_table.h"

/// The tables of a report, each as a section of HTML; nothing where a table would have no rows.
namespace lipsound2::eval {

using Summaries = std::map<std::string, Summary>;  ///< by metric

/// Mean, interval, median and counts of every metric.
std::string scores_section(const ScoreTable& scores, const Summaries& summaries);

/// The means of each speaker, where there are several.
std::string speakers_section(const ScoreTable& scores);

/// Why clips lack scores.
std::string failures_section(const ScoreTable& scores);

/// Every score of every clip.
std::string all_scores_section(const ScoreTable& scores);

}  // namespace lipsound2::eval
