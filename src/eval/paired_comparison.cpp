#include "lipsound2/eval/paired_comparison.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/eval/text_metrics.h"

#include "score_shares.h"

namespace lipsound2::eval {
namespace {

std::map<std::string, Share> shares_by_clip(const ScoreTable& table, const std::string& metric) {
  std::map<std::string, Share> shares;
  for (const ClipScores& clip : table.clips)
    if (const auto share = share_of(clip, metric))
      shares[clip.id] = *share;
  return shares;
}

/// Second minus first, clip by clip; the errors of both must be counted on the same references.
std::vector<Share> paired_shares(const std::map<std::string, Share>& first,
                                 const std::map<std::string, Share>& second,
                                 const std::string& metric) {
  std::vector<Share> differences;
  for (const auto& [id, before] : first) {
    const auto after = second.find(id);
    if (after == second.end())
      continue;
    require(after->second.weight == before.weight,
            ErrorKind::kData,
            "{}: expected the same reference for {} in both evaluations, found {} and {} units",
            id,
            metric,
            before.weight,
            after->second.weight);
    differences.push_back({after->second.value - before.value, before.weight});
  }
  return differences;
}

std::string difference_text(const std::string& metric, double difference) {
  return is_text_metric(metric) ? fmt::format("{:+.2f} %", 100 * difference)
                                : fmt::format("{:+.4f}", difference);
}

std::vector<std::string> shared_metrics(const ScoreTable& first, const ScoreTable& second) {
  std::vector<std::string> shared;
  for (const std::string& metric : first.metrics)
    if (std::ranges::find(second.metrics, metric) != second.metrics.end())
      shared.push_back(metric);
  require(!shared.empty(), ErrorKind::kData, "the two evaluations have no metric in common");
  return shared;
}

}  // namespace

PairedDifference paired_difference(const ScoreTable& first,
                                   const ScoreTable& second,
                                   const std::string& metric) {
  const auto before = shares_by_clip(first, metric);
  const auto after = shares_by_clip(second, metric);
  const std::vector<Share> differences = paired_shares(before, after, metric);
  require(differences.size() >= 2,
          ErrorKind::kData,
          "{}: expected at least two clips that are scored in both evaluations, found {}",
          metric,
          differences.size());
  PairedDifference result;
  result.clips = std::ssize(differences);
  result.unpaired = std::ssize(before) + std::ssize(after) - 2 * result.clips;
  result.mean = mean_of(differences);
  const Interval interval = bootstrap_interval(differences);
  result.low = interval.low;
  result.high = interval.high;
  result.p = flip_probability(differences);
  return result;
}

std::string comparison_text(const ScoreTable& first, const ScoreTable& second) {
  std::string text = fmt::format("{:<14}  {:>10}  {:>22}  {:>8}  {:>6}  {:>8}\n",
                                 "metric",
                                 "difference",
                                 "95 % interval",
                                 "p",
                                 "clips",
                                 "unpaired");
  for (const std::string& metric : shared_metrics(first, second)) {
    const PairedDifference found = paired_difference(first, second, metric);
    text += fmt::format(
        "{:<14}  {:>10}  {:>22}  {:>8.4f}  {:>6}  {:>8}\n",
        metric,
        difference_text(metric, found.mean),
        fmt::format(
            "[{}, {}]", difference_text(metric, found.low), difference_text(metric, found.high)),
        found.p,
        found.clips,
        found.unpaired);
  }
  return text;
}

std::string comparison_json(const ScoreTable& first, const ScoreTable& second) {
  nlohmann::ordered_json json;
  for (const std::string& metric : shared_metrics(first, second)) {
    const PairedDifference found = paired_difference(first, second, metric);
    json[metric] = {{"clips", found.clips},
                    {"unpaired", found.unpaired},
                    {"difference", found.mean},
                    {"ci95", {found.low, found.high}},
                    {"p", found.p}};
  }
  return json.dump(2) + "\n";
}

}  // namespace lipsound2::eval
