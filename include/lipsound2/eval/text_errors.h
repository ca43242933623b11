#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "lipsound2/eval/text_alignment.h"

namespace lipsound2::eval {

/// Counts over one clip, or over a corpus when added up.
struct ErrorCounts {
  std::size_t hits = 0;
  std::size_t substitutions = 0;
  std::size_t deletions = 0;
  std::size_t insertions = 0;

  std::size_t errors() const { return substitutions + deletions + insertions; }
  std::size_t reference_units() const { return hits + substitutions + deletions; }
  /// Errors per reference unit; above 1 when there are many insertions. Nothing when the reference
  /// is empty: what was heard there counts as insertions, but there is nothing to divide by. (jiwer
  /// 4.0 gives the number of insertions there, sclite counts them in the corpus.)
  std::optional<double> rate() const;

  ErrorCounts& operator+=(const ErrorCounts& other);
  bool operator==(const ErrorCounts&) const = default;
};

ErrorCounts count_errors(const std::vector<AlignedUnit>& alignment);

/// Word errors of one clip, both texts normalized by normalize_text(). With the rule
/// kFewestErrors the counts are those of jiwer 4.0, with kSclite those of sclite 2.10. Invalid
/// UTF-8 is an error of kind kData.
ErrorCounts word_errors(std::string_view reference,
                        std::string_view hypothesis,
                        AlignmentRule rule = AlignmentRule::kFewestErrors);

/// As word_errors(), with characters as units; white space does not count.
ErrorCounts character_errors(std::string_view reference,
                             std::string_view hypothesis,
                             AlignmentRule rule = AlignmentRule::kFewestErrors);

struct CorpusErrors {
  ErrorCounts total;
  /// Clips whose reference has units: those of `mean_of_clips`.
  std::size_t clips_with_reference = 0;
  /// All errors over all reference units: the rate that papers report. Clips with an empty
  /// reference add their insertions. Nothing when no clip has a reference.
  std::optional<double> rate;
  /// Mean of the clips' own rates; every clip weighs the same. Nothing when no clip has one.
  std::optional<double> mean_of_clips;
};

CorpusErrors corpus_errors(const std::vector<ErrorCounts>& clips);

}  // namespace lipsound2::eval
