#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/eval/score_table.h"
#include "lipsound2/eval/text_alignment.h"

namespace lipsound2::eval {

/// The names that `--metrics` takes for two texts, in the order in which they are listed: wer and
/// cer are rates of the corpus and count as jiwer 4.0 does, -sclite as sclite 2.10 does, -mean is
/// the mean of the clips' own rates. All are fractions of 1, shown in percent.
std::vector<std::string> text_metrics();

bool is_text_metric(const std::string& name);

/// Whether the errors of all clips are divided by all reference units: wer, cer, wer-sclite,
/// cer-sclite.
bool is_corpus_rate(const std::string& name);

/// No clips yet, with the variants of these metrics: what is counted, and the normalization.
ScoreTable empty_text_table(const std::vector<std::string>& metrics);

/// The alignment whose errors the metric counts, of texts as they were written. Throws kUsage for a
/// name that is not among text_metrics(), kData for invalid UTF-8 and for texts that are too long.
std::vector<AlignedUnit> align_texts(std::string_view reference,
                                     std::string_view hypothesis,
                                     const std::string& metric);

/// Scores of one clip. An empty reference leaves the clip without a rate of its own, and its note
/// says so; its insertions are among the errors of corpus rates. Throws as align_texts(), with
/// the id.
ClipScores score_texts(const std::string& id,
                       std::string_view reference,
                       std::string_view hypothesis,
                       const std::vector<std::string>& metrics);

}  // namespace lipsound2::eval
