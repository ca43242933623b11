#include "lipsound2/eval/score_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "lipsound2/eval/text_metrics.h"

#include "score_shares.h"

namespace lipsound2::eval {
namespace {

double median_of(std::vector<double> values) {
  if (values.empty())
    return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string interval_text(const std::string& metric, const Summary& summary) {
  return fmt::format("[{}, {}]", score_text(metric, summary.low), score_text(metric, summary.high));
}

/// Metrics whose scores are averaged over clips.
std::string mean_rows(const ScoreTable& table) {
  std::string rows;
  for (const std::string& metric : table.metrics) {
    if (is_corpus_rate(metric))
      continue;
    const Summary summary = summarize(table, metric);
    rows += fmt::format("{:<14}  {:>9}  {:>9}  {:>22}  {:>6}  {:>6}\n",
                        metric,
                        score_text(metric, summary.mean),
                        score_text(metric, summary.median),
                        interval_text(metric, summary),
                        summary.scored,
                        summary.failed);
  }
  if (rows.empty())
    return rows;
  return fmt::format("{:<14}  {:>9}  {:>9}  {:>22}  {:>6}  {:>6}\n{}",
                     "metric",
                     "mean",
                     "median",
                     "95 % interval",
                     "scored",
                     "failed",
                     rows);
}

/// Error rates of the corpus, with their counts.
std::string rate_rows(const ScoreTable& table) {
  std::string rows;
  for (const std::string& metric : table.metrics) {
    if (!is_corpus_rate(metric))
      continue;
    const Summary summary = summarize(table, metric);
    rows += fmt::format("{:<14}  {:>9}  {:>22}  {:>8}  {:>11}  {:>7}  {:>8}  {:>6}\n",
                        metric,
                        score_text(metric, summary.mean),
                        interval_text(metric, summary),
                        summary.errors.reference_units(),
                        summary.errors.substitutions,
                        summary.errors.deletions,
                        summary.errors.insertions,
                        summary.scored);
  }
  if (rows.empty())
    return rows;
  return fmt::format("{:<14}  {:>9}  {:>22}  {:>8}  {:>11}  {:>7}  {:>8}  {:>6}\n{}",
                     "error rate",
                     "corpus",
                     "95 % interval",
                     "units",
                     "substituted",
                     "deleted",
                     "inserted",
                     "clips",
                     rows);
}

std::string speaker_rows(const ScoreTable& table) {
  const auto speakers = tables_by_speaker(table);
  if (speakers.size() < 2)
    return "";
  std::string text = fmt::format("{:<16}  {:>6}", "mean by speaker", "clips");
  for (const std::string& metric : table.metrics)
    text += fmt::format("  {:>13}", metric);
  text += "\n";
  for (const auto& [speaker, clips] : speakers) {
    text += fmt::format("{:<16}  {:>6}", speaker, clips.clips.size());
    for (const std::string& metric : table.metrics)
      text += fmt::format("  {:>13}", score_text(metric, mean_of(shares_of(clips, metric))));
    text += "\n";
  }
  return text;
}

}  // namespace

std::map<std::string, ScoreTable> tables_by_speaker(const ScoreTable& table) {
  std::map<std::string, ScoreTable> speakers;
  for (const ClipScores& clip : table.clips)
    if (!clip.speaker.empty())
      speakers[clip.speaker].clips.push_back(clip);
  return speakers;
}

Summary summarize(const ScoreTable& table, const std::string& metric) {
  const std::vector<Share> shares = shares_of(table, metric);
  const Interval interval = bootstrap_interval(shares);
  Summary summary{.mean = mean_of(shares),
                  .low = interval.low,
                  .high = interval.high,
                  .scored = std::ssize(shares),
                  .failed = std::ssize(table.clips) - std::ssize(shares)};
  std::vector<double> scores;
  for (const ClipScores& clip : table.clips) {
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      scores.push_back(score->second);
    if (const auto counts = clip.errors.find(metric); counts != clip.errors.end())
      summary.errors += counts->second;
  }
  summary.median = median_of(std::move(scores));
  return summary;
}

std::string score_text(const std::string& metric, double value) {
  if (std::isnan(value))
    return "-";
  if (is_text_metric(metric))
    return fmt::format("{:.2f} %", 100 * value);
  return fmt::format("{:.4f}", value);
}

std::string to_text(const ScoreTable& table) {
  std::string text = mean_rows(table) + rate_rows(table) + speaker_rows(table);
  for (const ClipScores& clip : table.clips)
    if (!clip.failure.empty())
      text += fmt::format("failed: {}: {}\n", clip.id, clip.failure);
  return text;
}

}  // namespace lipsound2::eval
