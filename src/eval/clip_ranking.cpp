#include "lipsound2/eval/clip_ranking.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "score_shares.h"

namespace lipsound2::eval {
namespace {

/// Grows from the best score to the worst.
double badness(Better better, double score) {
  if (better == Better::kNearZero)
    return std::abs(score);
  return better == Better::kHigher ? -score : score;
}

/// Places in ScoreTable::clips of those that the metric has scored, from the best to the worst.
std::vector<std::size_t> by_rank(const ScoreTable& table, const std::string& metric) {
  std::vector<std::pair<double, std::size_t>> scored;  // equal scores are sorted by their place
  for (std::size_t i = 0; i < table.clips.size(); ++i)
    if (const auto score = score_of(table.clips[i], metric))
      scored.emplace_back(badness(better_scores(metric), *score), i);
  std::ranges::sort(scored);
  std::vector<std::size_t> places;
  for (const auto& [value, place] : scored)
    places.push_back(place);
  return places;
}

}  // namespace

Better better_scores(const std::string& metric) {
  if (metric == "delay")
    return Better::kNearZero;
  const bool intelligibility = metric == "stoi" || metric == "estoi";
  return intelligibility || metric.starts_with("pesq") ? Better::kHigher : Better::kLower;
}

std::vector<RankedClip> best_median_worst(const ScoreTable& table) {
  if (table.metrics.empty())
    return {};
  const std::string& metric = table.metrics.front();
  const std::vector<std::size_t> clips = by_rank(table, metric);
  if (clips.empty())
    return {};
  const std::pair<const char*, std::size_t> wanted[] = {
      {"Best", 0}, {"Median", (clips.size() - 1) / 2}, {"Worst", clips.size() - 1}};
  std::vector<RankedClip> ranked;
  std::size_t next = 0;  // the first rank that may still be named
  for (const auto& [name, rank] : wanted) {
    if (rank < next)
      continue;
    ranked.push_back(
        {fmt::format("{} by {}, {} of {}", name, metric, rank + 1, clips.size()), clips[rank]});
    next = rank + 1;
  }
  return ranked;
}

}  // namespace lipsound2::eval
