#include "lipsound2/eval/paired_comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

constexpr std::size_t kComparisonDraws = 10000;
constexpr std::uint64_t kBootstrapSeed = 1;
constexpr std::uint64_t kFlipSeed = 2;

std::map<std::string, double> scores_by_clip(const ScoreTable& table, const std::string& metric) {
  std::map<std::string, double> scores;
  for (const ClipScores& clip : table.clips)
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      scores[clip.id] = score->second;
  return scores;
}

/// The sorted means of so many drawn sums; `draw` gives one value of a sum.
template <class Draw>
std::vector<double> drawn_means(std::size_t count, const Draw& draw) {
  std::vector<double> means(kComparisonDraws);
  for (double& mean : means) {
    for (std::size_t i = 0; i < count; ++i)
      mean += draw(i);
    mean /= static_cast<double>(count);
  }
  std::ranges::sort(means);
  return means;
}

void add_interval(const std::vector<double>& differences, PairedDifference& result) {
  Rng rng(kBootstrapSeed);
  const auto count = static_cast<std::int64_t>(differences.size());
  const auto means = drawn_means(differences.size(), [&](std::size_t) {
    return differences[static_cast<std::size_t>(rng.below(count))];
  });
  constexpr std::size_t kTail = kComparisonDraws / 40;  // 2.5 %
  result.low = means[kTail];
  result.high = means[kComparisonDraws - 1 - kTail];
}

double flip_probability(const std::vector<double>& differences, double mean) {
  Rng rng(kFlipSeed);
  const auto means = drawn_means(differences.size(), [&](std::size_t i) {
    return rng.chance(0.5) ? differences[i] : -differences[i];
  });
  constexpr double kRounding = 1e-12;
  const auto extreme = std::ranges::count_if(
      means, [&](double flipped) { return std::abs(flipped) >= std::abs(mean) - kRounding; });
  return static_cast<double>(1 + extreme) / static_cast<double>(1 + kComparisonDraws);
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
  const auto before = scores_by_clip(first, metric);
  const auto after = scores_by_clip(second, metric);
  std::vector<double> differences;
  for (const auto& [id, score] : before)
    if (const auto other = after.find(id); other != after.end())
      differences.push_back(other->second - score);
  require(differences.size() >= 2,
          ErrorKind::kData,
          "{}: expected at least two clips that are scored in both evaluations, found {}",
          metric,
          differences.size());
  PairedDifference result;
  result.clips = std::ssize(differences);
  result.unpaired = std::ssize(before) + std::ssize(after) - 2 * result.clips;
  result.mean = std::accumulate(differences.begin(), differences.end(), 0.0) /
                static_cast<double>(differences.size());
  add_interval(differences, result);
  result.p = flip_probability(differences, result.mean);
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
    text += fmt::format("{:<14}  {:>+10.4f}  {:>22}  {:>8.4f}  {:>6}  {:>8}\n",
                        metric,
                        found.mean,
                        fmt::format("[{:+.4f}, {:+.4f}]", found.low, found.high),
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
