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

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Scores of a metric over the clips that have it; throws for one that is not finite.
std::vector<double> scores_of(const ScoreTable& table, const std::string& metric) {
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
  return values;
}

double mean_score(const ScoreTable& table, const std::string& metric) {
  const std::vector<double> values = scores_of(table, metric);
  return values.empty() ? std::numeric_limits<double>::quiet_NaN() : mean_of(values);
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
      text += fmt::format("  {:>13}", score_text(metric, mean_score(clips, metric)));
    text += "\n";
  }
  return text;
}

nlohmann::ordered_json speakers_json(const ScoreTable& table) {
  nlohmann::ordered_json json;
  for (const auto& [speaker, clips] : tables_by_speaker(table))
    for (const std::string& metric : table.metrics)
      json[speaker][metric] = {{"mean", mean_score(clips, metric)},
                               {"scored", scores_of(clips, metric).size()}};
  return json;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos)
    return text;
  std::string cell = "\"";
  for (const char c : text)
    cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::int64_t count_failures(const ScoreTable& table) {
  return std::count_if(table.clips.begin(), table.clips.end(), [](const auto& clip) {
    return !clip.failure.empty();
  });
}

nlohmann::ordered_json clip_json(const ClipScores& clip, const std::vector<std::string>& metrics) {
  nlohmann::ordered_json json{{"id", clip.id}};
  if (!clip.speaker.empty())
    json["speaker"] = clip.speaker;
  for (const std::string& metric : metrics)
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      json[metric] = score->second;
  if (!clip.failure.empty())
    json["failure"] = clip.failure;
  if (!clip.note.empty())
    json["note"] = clip.note;
  return json;
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
  const std::vector<double> values = scores_of(table, metric);
  Summary summary{.scored = static_cast<std::int64_t>(values.size()),
                  .failed = static_cast<std::int64_t>(table.clips.size() - values.size())};
  if (values.empty()) {
    summary.mean = summary.median = summary.low = summary.high =
        std::numeric_limits<double>::quiet_NaN();
    return summary;
  }
  const Interval interval = bootstrap_interval(values);
  summary.mean = mean_of(values);
  summary.median = median_of(values);
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
  std::string text = fmt::format("{:<14}  {:>9}  {:>9}  {:>22}  {:>6}  {:>6}\n",
                                 "metric",
                                 "mean",
                                 "median",
                                 "95 % interval",
                                 "scored",
                                 "failed");
  for (const std::string& metric : table.metrics) {
    const Summary summary = summarize(table, metric);
    const std::string interval =
        fmt::format("[{}, {}]", score_text(metric, summary.low), score_text(metric, summary.high));
    text += fmt::format("{:<14}  {:>9}  {:>9}  {:>22}  {:>6}  {:>6}\n",
                        metric,
                        score_text(metric, summary.mean),
                        score_text(metric, summary.median),
                        interval,
                        summary.scored,
                        summary.failed);
  }
  text += speaker_rows(table);
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
                       {"median", summary.median},
                       {"ci95", {summary.low, summary.high}},
                       {"scored", summary.scored},
                       {"failed", summary.failed}};
  }
  Json clips = Json::array();
  for (const ClipScores& clip : table.clips)
    clips.push_back(clip_json(clip, table.metrics));
  Json json{{"n", table.clips.size()},
            {"failed", count_failures(table)},
            {"metrics", metrics},
            {"clips", clips},
            {"variants", table.variants}};
  if (Json speakers = speakers_json(table); !speakers.is_null())
    json["speakers"] = std::move(speakers);
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

ScoreTable from_json(const std::string& text, const std::string& name) {
  ScoreTable table;
  try {
    const auto json = nlohmann::ordered_json::parse(text);
    for (const auto& [metric, summary] : json.at("metrics").items())
      table.metrics.push_back(metric);
    for (const auto& stored : json.at("clips")) {
      ClipScores clip;
      clip.id = stored.at("id");
      clip.speaker = stored.value("speaker", "");
      clip.failure = stored.value("failure", "");
      clip.note = stored.value("note", "");
      for (const std::string& metric : table.metrics)
        if (stored.contains(metric))
          clip.scores[metric] = stored.at(metric).get<double>();
      table.clips.push_back(std::move(clip));
    }
    table.variants = json.at("variants").get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kData, "{}: expected scores as eval writes them: {}", name, error.what());
  }
  return table;
}

std::string to_csv(const ScoreTable& table) {
  std::string text = "id,speaker";
  for (const std::string& metric : table.metrics)
    text += fmt::format(",{}", csv_cell(metric));
  text += ",failure,note\r\n";
  for (const ClipScores& clip : table.clips) {
    text += fmt::format("{},{}", csv_cell(clip.id), csv_cell(clip.speaker));
    for (const std::string& metric : table.metrics) {
      const auto score = clip.scores.find(metric);
      text += score == clip.scores.end() ? "," : fmt::format(",{}", score->second);
    }
    text += fmt::format(",{},{}\r\n", csv_cell(clip.failure), csv_cell(clip.note));
  }
  return text;
}

}  // namespace lipsound2::eval
