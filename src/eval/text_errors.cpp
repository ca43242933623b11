#include "lipsound2/eval/text_errors.h"

namespace lipsound2::eval {

std::optional<double> ErrorCounts::rate() const {
  if (reference_units() == 0)
    return std::nullopt;
  return static_cast<double>(errors()) / static_cast<double>(reference_units());
}

ErrorCounts& ErrorCounts::operator+=(const ErrorCounts& other) {
  hits += other.hits;
  substitutions += other.substitutions;
  deletions += other.deletions;
  insertions += other.insertions;
  return *this;
}

ErrorCounts count_errors(const std::vector<AlignedUnit>& alignment) {
  ErrorCounts counts;
  for (const auto& unit : alignment) {
    counts.hits += unit.kind == EditKind::kHit;
    counts.substitutions += unit.kind == EditKind::kSubstitution;
    counts.deletions += unit.kind == EditKind::kDeletion;
    counts.insertions += unit.kind == EditKind::kInsertion;
  }
  return counts;
}

ErrorCounts word_errors(std::string_view reference,
                        std::string_view hypothesis,
                        AlignmentRule rule) {
  return count_errors(align_units(normalized_words(reference), normalized_words(hypothesis), rule));
}

ErrorCounts character_errors(std::string_view reference,
                             std::string_view hypothesis,
                             AlignmentRule rule) {
  return count_errors(
      align_units(normalized_characters(reference), normalized_characters(hypothesis), rule));
}

CorpusErrors corpus_errors(const std::vector<ErrorCounts>& clips) {
  CorpusErrors result;
  double sum_of_rates = 0;
  for (const auto& clip : clips) {
    result.total += clip;
    if (const auto rate = clip.rate()) {
      sum_of_rates += *rate;
      ++result.clips_with_reference;
    }
  }
  result.rate = result.total.rate();
  if (result.clips_with_reference > 0)
    result.mean_of_clips = sum_of_rates / static_cast<double>(result.clips_with_reference);
  return result;
}

}  // namespace lipsound2::eval
