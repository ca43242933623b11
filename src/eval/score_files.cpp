// Score tables as JSON and CSV.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/eval/score_table.h"
#include "lipsound2/eval/text_metrics.h"

#include "score_shares.h"

namespace lipsound2::eval {
namespace {

using ScoresJson = nlohmann::ordered_json;

std::int64_t count_failures(const ScoreTable& table) {
  return std::count_if(table.clips.begin(), table.clips.end(), [](const auto& clip) {
    return !clip.failure.empty();
  });
}

ScoresJson errors_json(const ErrorCounts& errors) {
  return {{"units", errors.reference_units()},
          {"hits", errors.hits},
          {"substitutions", errors.substitutions},
          {"deletions", errors.deletions},
          {"insertions", errors.insertions}};
}

ErrorCounts errors_from_json(const ScoresJson& json) {
  return {.hits = json.at("hits"),
          .substitutions = json.at("substitutions"),
          .deletions = json.at("deletions"),
          .insertions = json.at("insertions")};
}

ScoresJson summary_json(const ScoreTable& table, const std::string& metric) {
  const Summary summary = summarize(table, metric);
  ScoresJson json{{"mean", summary.mean},
                  {"median", summary.median},
                  {"ci95", {summary.low, summary.high}},
                  {"scored", summary.scored},
                  {"failed", summary.failed}};
  if (is_corpus_rate(metric))
    json["errors"] = errors_json(summary.errors);
  return json;
}

ScoresJson clip_json(const ClipScores& clip, const std::vector<std::string>& metrics) {
  ScoresJson json{{"id", clip.id}};
  if (!clip.speaker.empty())
    json["speaker"] = clip.speaker;
  for (const std::string& metric : metrics)
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      json[metric] = score->second;
  for (const auto& [metric, errors] : clip.errors)
    json["errors"][metric] = errors_json(errors);
  if (!clip.failure.empty())
    json["failure"] = clip.failure;
  if (!clip.note.empty())
    json["note"] = clip.note;
  return json;
}

ClipScores clip_from_json(const ScoresJson& json, const std::vector<std::string>& metrics) {
  ClipScores clip;
  clip.id = json.at("id");
  clip.speaker = json.value("speaker", "");
  clip.failure = json.value("failure", "");
  clip.note = json.value("note", "");
  for (const std::string& metric : metrics)
    if (json.contains(metric))
      clip.scores[metric] = json.at(metric).get<double>();
  if (json.contains("errors"))
    for (const auto& [metric, errors] : json.at("errors").items())
      clip.errors[metric] = errors_from_json(errors);
  return clip;
}

ScoresJson speakers_json(const ScoreTable& table) {
  ScoresJson json;
  for (const auto& [speaker, clips] : tables_by_speaker(table))
    for (const std::string& metric : table.metrics) {
      const std::vector<Share> shares = shares_of(clips, metric);
      json[speaker][metric] = {{"mean", mean_of(shares)}, {"scored", shares.size()}};
    }
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

std::string csv_heads(const std::string& metric) {
  std::string heads = fmt::format(",{}", csv_cell(metric));
  if (is_corpus_rate(metric))
    heads += fmt::format(",{0}-units,{0}-substitutions,{0}-deletions,{0}-insertions", metric);
  return heads;
}

std::string csv_scores(const ClipScores& clip, const std::string& metric) {
  const auto score = clip.scores.find(metric);
  std::string cells = score == clip.scores.end() ? "," : fmt::format(",{}", score->second);
  if (const auto errors = clip.errors.find(metric); errors != clip.errors.end())
    cells += fmt::format(",{},{},{},{}",
                         errors->second.reference_units(),
                         errors->second.substitutions,
                         errors->second.deletions,
                         errors->second.insertions);
  else if (is_corpus_rate(metric))
    cells += ",,,,";
  return cells;
}

}  // namespace

std::string to_json(const ScoreTable& table) {
  ScoresJson metrics = ScoresJson::object();
  for (const std::string& metric : table.metrics)
    metrics[metric] = summary_json(table, metric);
  ScoresJson clips = ScoresJson::array();
  for (const ClipScores& clip : table.clips)
    clips.push_back(clip_json(clip, table.metrics));
  ScoresJson json{{"n", table.clips.size()},
                  {"failed", count_failures(table)},
                  {"metrics", metrics},
                  {"clips", clips},
                  {"variants", table.variants}};
  if (ScoresJson speakers = speakers_json(table); !speakers.is_null())
    json["speakers"] = std::move(speakers);
  return json.dump(2, ' ', /*ensure_ascii=*/false, ScoresJson::error_handler_t::replace) + "\n";
}

ScoreTable from_json(const std::string& text, const std::string& name) {
  ScoreTable table;
  try {
    const auto json = ScoresJson::parse(text);
    for (const auto& [metric, summary] : json.at("metrics").items())
      table.metrics.push_back(metric);
    for (const auto& clip : json.at("clips"))
      table.clips.push_back(clip_from_json(clip, table.metrics));
    table.variants = json.at("variants").get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kData, "{}: expected scores as eval writes them: {}", name, error.what());
  }
  return table;
}

std::string to_csv(const ScoreTable& table) {
  std::string text = "id,speaker";
  for (const std::string& metric : table.metrics)
    text += csv_heads(metric);
  text += ",failure,note\r\n";
  for (const ClipScores& clip : table.clips) {
    text += fmt::format("{},{}", csv_cell(clip.id), csv_cell(clip.speaker));
    for (const std::string& metric : table.metrics)
      text += csv_scores(clip, metric);
    text += fmt::format(",{},{}\r\n", csv_cell(clip.failure), csv_cell(clip.note));
  }
  return text;
}

}  // namespace lipsound2::eval
