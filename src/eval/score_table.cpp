#include "lipsound2/eval/score_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

struct Interval {
  double low;
  double high;
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval bootstrap_interval(const std::vector<double>& values) {
  constexpr std::size_t kResamples = 10000;
  constexpr std::size_t kTail = kResamples / 40;  // 2.5 %
  Rng rng(/*seed=*/1);
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    for (std::size_t i = 0; i < values.size(); ++i)
      mean += values[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(values.size())))];
    mean /= static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  return {means[kTail], means[kResamples - 1 - kTail]};
}

std::int64_t count_failures(const ScoreTable& table) {
  return std::count_if(table.clips.begin(), table.clips.end(), [](const auto& clip) {
    return !clip.failure.empty();
  });
}

nlohmann::ordered_json clip_json(const ClipScores& clip, const std::vector<std::string>& metrics) {
  nlohmann::ordered_json json{{"id", clip.id}};
  for (const std::string& metric : metrics)
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      json[metric] = score->second;
  if (!clip.failure.empty())
    json["failure"] = clip.failure;
  return json;
}

}  // namespace

Summary summarize(const ScoreTable& table, const std::string& metric) {
  std::vector<double> values;
  for (const ClipScores& clip : table.clips) {
    const auto score = clip.scores.find(metric);
    if (score == clip.scores.end())
      continue;
    require(std::isfinite(score->second),
            ErrorKind::kNumeric,
            "{}: expected a finite score for {}, found {}",
            clip.id,
            metric,
            score->second);
    values.push_back(score->second);
  }
  Summary summary{.scored = static_cast<std::int64_t>(values.size()),
                  .failed = static_cast<std::int64_t>(table.clips.size() - values.size())};
  if (values.empty()) {
    summary.mean = summary.low = summary.high = std::numeric_limits<double>::quiet_NaN();
    return summary;
  }
  const Interval interval = bootstrap_interval(values);
  summary.mean = mean_of(values);
  summary.low = interval.low;
  summary.high = interval.high;
  return summary;
}

std::string score_text(const std::string& metric, double value) {
  if (std::isnan(value))
    return "-";
  if (metric == "wer" || metric == "cer")
    return fmt::format("{:.2f} %", 100 * value);
  return fmt::format("{:.4f}", value);
}

std::string to_text(const ScoreTable& table) {
  std::string text = fmt::format("{:<10}  {:>9}  {:>22}  {:>6}  {:>6}\n",
                                 "metric",
                                 "mean",
                                 "95 % interval",
                                 "scored",
                                 "failed");
  for (const std::string& metric : table.metrics) {
    const Summary summary = summarize(table, metric);
    const std::string interval =
        fmt::format("[{}, {}]", score_text(metric, summary.low), score_text(metric, summary.high));
    text += fmt::format("{:<10}  {:>9}  {:>22}  {:>6}  {:>6}\n",
                        metric,
                        score_text(metric, summary.mean),
                        interval,
                        summary.scored,
                        summary.failed);
  }
  for (const ClipScores& clip : table.clips)
    if (!clip.failure.empty())
      text += fmt::format("failed: {}: {}\n", clip.id, clip.failure);
  return text;
}

std::string to_json(const ScoreTable& table) {
  using Json = nlohmann::ordered_json;
  Json metrics = Json::object();
  for (const std::string& metric : table.metrics) {
    const Summary summary = summarize(table, metric);
    metrics[metric] = {{"mean", summary.mean},
                       {"ci95", {summary.low, summary.high}},
                       {"scored", summary.scored},
                       {"failed", summary.failed}};
  }
  Json clips = Json::array();
  for (const ClipScores& clip : table.clips)
    clips.push_back(clip_json(clip, table.metrics));
  const Json json{{"n", table.clips.size()},
                  {"failed", count_failures(table)},
                  {"metrics", metrics},
                  {"clips", clips},
                  {"variants", table.variants}};
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lipsound2::eval
