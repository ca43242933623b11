#pragma once

#include <string>
#include <vector>

#include "lipsound2/eval/text_normalization.h"

namespace lipsound2::eval {

enum class EditKind { kHit, kSubstitution, kDeletion, kInsertion };

/// One step of an alignment. A deletion has no hypothesis unit, an insertion no reference unit.
struct AlignedUnit {
  EditKind kind = EditKind::kHit;
  std::string reference;
  std::string hypothesis;

  bool operator==(const AlignedUnit&) const = default;
};

/// Which of the alignments is taken. Both rules go back from the ends of the two texts.
enum class AlignmentRule {
  /// The fewest errors (Levenshtein distance). Of equal ones the one that jiwer reports: units that
  /// the texts share at their beginning and end are hits; between them a deletion is taken when it
  /// costs nothing extra, then an insertion when that leads to fewer errors than a substitution or
  /// hit would, then the substitution or hit.
  kFewestErrors,
  /// That of NIST's sclite: a substitution costs 4, a deletion or insertion 3. Of equal alignments,
  /// hit or substitution before insertion before deletion. Can report more errors: two deletions
  /// and
  /// two insertions cost as much as three substitutions.
  kSclite,
};

/// Time and memory grow with the product of the two lengths: made for clips, not for books. Throws
/// kData when the table of that product would take more than 2 GiB (two texts of 23000 units).
std::vector<AlignedUnit> align_units(const TextUnits& reference,
                                     const TextUnits& hypothesis,
                                     AlignmentRule rule = AlignmentRule::kFewestErrors);

/// Three lines, the units one under the other, for a report: the reference, the hypothesis, and S,
/// D or I under each error. Asterisks stand where one side has no unit. Full-width characters take
/// two columns.
std::string render_alignment(const std::vector<AlignedUnit>& alignment);

}  // namespace lipsound2::eval
