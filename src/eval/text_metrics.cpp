#include "lipsound2/eval/text_metrics.h"

#include <algorithm>

#include <fmt/format.h>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {
namespace {

enum class RateOf { kCorpus, kClip };

struct TextMetric {
  std::string_view name;
  TextUnits (*units)(std::string_view text);
  std::string_view unit_name;
  AlignmentRule rule;
  RateOf rate_of;
};

constexpr std::string_view kWords = "words";
constexpr std::string_view kCharacters = "characters without white space";

constexpr TextMetric kTextMetrics[] = {
    {"wer", normalized_words, kWords, AlignmentRule::kFewestErrors, RateOf::kCorpus},
    {"cer", normalized_characters, kCharacters, AlignmentRule::kFewestErrors, RateOf::kCorpus},
    {"wer-mean", normalized_words, kWords, AlignmentRule::kFewestErrors, RateOf::kClip},
    {"cer-mean", normalized_characters, kCharacters, AlignmentRule::kFewestErrors, RateOf::kClip},
    {"wer-sclite", normalized_words, kWords, AlignmentRule::kSclite, RateOf::kCorpus},
    {"cer-sclite", normalized_characters, kCharacters, AlignmentRule::kSclite, RateOf::kCorpus},
};

const TextMetric* find_text_metric(std::string_view name) {
  const auto* found = std::ranges::find(kTextMetrics, name, &TextMetric::name);
  return found == std::end(kTextMetrics) ? nullptr : found;
}

const TextMetric& text_metric(const std::string& name) {
  const TextMetric* metric = find_text_metric(name);
  require(metric != nullptr, ErrorKind::kUsage, "'{}' is not a metric of texts", name);
  return *metric;
}

std::string variant_of(const TextMetric& metric) {
  return fmt::format(
      "{} over reference {}; {}; both texts in lower case, apostrophes inside words kept, other "
      "punctuation separates words",
      metric.rate_of == RateOf::kCorpus ? "errors of all clips" : "mean over clips of errors",
      metric.unit_name,
      metric.rule == AlignmentRule::kSclite ? "alignment of sclite 2.10"
                                            : "fewest errors, as jiwer 4.0");
}

/// Complaints begin with the clip.
ErrorCounts errors_of_clip(const std::string& id,
                           std::string_view reference,
                           std::string_view hypothesis,
                           const std::string& metric) {
  try {
    return count_errors(align_texts(reference, hypothesis, metric));
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", id, error.what());
  }
}

}  // namespace

std::vector<std::string> text_metrics() {
  std::vector<std::string> names;
  for (const TextMetric& metric : kTextMetrics)
    names.emplace_back(metric.name);
  return names;
}

bool is_text_metric(const std::string& name) {
  return find_text_metric(name) != nullptr;
}

bool is_corpus_rate(const std::string& name) {
  const TextMetric* metric = find_text_metric(name);
  return metric != nullptr && metric->rate_of == RateOf::kCorpus;
}

ScoreTable empty_text_table(const std::vector<std::string>& metrics) {
  ScoreTable table;
  table.metrics = metrics;
  for (const std::string& metric : metrics)
    table.variants[metric] = variant_of(text_metric(metric));
  return table;
}

std::vector<AlignedUnit> align_texts(std::string_view reference,
                                     std::string_view hypothesis,
                                     const std::string& metric) {
  const TextMetric& counted = text_metric(metric);
  return align_units(counted.units(reference), counted.units(hypothesis), counted.rule);
}

ClipScores score_texts(const std::string& id,
                       std::string_view reference,
                       std::string_view hypothesis,
                       const std::vector<std::string>& metrics) {
  ClipScores clip;
  clip.id = id;
  for (const std::string& metric : metrics) {
    const ErrorCounts errors = errors_of_clip(id, reference, hypothesis, metric);
    if (is_corpus_rate(metric))
      clip.errors[metric] = errors;
    if (const auto rate = errors.rate())
      clip.scores[metric] = *rate;
    else
      clip.note = "empty reference: no rate of its own; insertions count in the corpus rates";
  }
  return clip;
}

}  // namespace lipsound2::eval
