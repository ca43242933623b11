// Any bytes as a reference and, after the first line, a hypothesis.

#include <cstdint>
#include <string_view>
#include <vector>

#include "lipsound2/core/error.h"
#include "lipsound2/core/utf8.h"
#include "lipsound2/eval/text_alignment.h"
#include "lipsound2/eval/text_errors.h"
#include "lipsound2/eval/text_normalization.h"

#include "fuzz/expect.h"

namespace lipsound2::fuzz {
namespace {

using eval::AlignmentRule;
using eval::ErrorCounts;
using eval::TextUnits;

void check_normalization(std::string_view text) {
  expect(encode_utf8(decode_utf8(text)) == text, "UTF-8 survives decoding");
  const std::string normalized = eval::normalize_text(text);
  expect(eval::normalize_text(normalized) == normalized, "normalized texts stay as they are");
}

/// The counts of one rule, which must account for each unit.
ErrorCounts checked_errors(const TextUnits& reference,
                           const TextUnits& hypothesis,
                           AlignmentRule rule) {
  const auto alignment = eval::align_units(reference, hypothesis, rule);
  const ErrorCounts counts = eval::count_errors(alignment);
  expect(counts.reference_units() == reference.size(), "all of the reference is aligned");
  expect(counts.hits + counts.substitutions + counts.insertions == hypothesis.size(),
         "all of the hypothesis is aligned");
  decode_utf8(eval::render_alignment(alignment));
  return counts;
}

void check_units(const TextUnits& reference, const TextUnits& hypothesis) {
  const auto fewest = checked_errors(reference, hypothesis, AlignmentRule::kFewestErrors);
  const auto sclite = checked_errors(reference, hypothesis, AlignmentRule::kSclite);
  expect(fewest.errors() <= sclite.errors(), "no rule finds fewer errors than the fewest");
  expect((fewest.errors() == 0) == (reference == hypothesis), "only equal texts have no errors");
}

void compare(std::string_view text) {
  const std::size_t line = text.find('\n');
  const std::string_view reference = text.substr(0, line);
  const std::string_view hypothesis =
      line == std::string_view::npos ? std::string_view() : text.substr(line + 1);
  try {
    check_normalization(reference);
    check_normalization(hypothesis);
    check_units(eval::normalized_words(reference), eval::normalized_words(hypothesis));
    check_units(eval::normalized_characters(reference), eval::normalized_characters(hypothesis));
  } catch (const Error& error) {
    expect(error.kind() == ErrorKind::kData, "only invalid UTF-8 is refused");
  }
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::compare({reinterpret_cast<const char*>(data), size});
  return 0;
}
