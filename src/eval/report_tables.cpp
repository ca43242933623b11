#include "report_tables.h"

#include <vector>

#include <fmt/format.h>

#include "html.h"
#include "score_shares.h"

namespace lipsound2::eval {
namespace {

/// A table that scrolls sideways where it is too wide, also by keys.
std::string scrolling_table(const std::string& name,
                            const std::string& columns,
                            const std::string& rows) {
  return fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n<table>\n"
      "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
      name,
      columns,
      rows);
}

std::string columns_of(const std::vector<std::string>& names) {
  std::string columns;
  for (const std::string& name : names)
    columns += fmt::format("<th scope=\"col\">{}</th>", escaped(name));
  return columns;
}

std::string text_column(const std::string& name) {
  return fmt::format("<th scope=\"col\" class=\"text\">{}</th>", name);
}

std::string table_row(const std::string& name, const std::string& cells) {
  return fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n", escaped(name), cells);
}

std::string number_cell(const std::string& text) {
  return fmt::format("<td>{}</td>", text);
}

std::string text_cell(const std::string& text) {
  return fmt::format("<td class=\"text\">{}</td>", escaped(text));
}

}  // namespace

std::string scores_section(const ScoreTable& scores, const Summaries& summaries) {
  std::string rows;
  for (const std::string& metric : scores.metrics) {
    const Summary& summary = summaries.at(metric);
    rows += table_row(
        metric,
        fmt::format("<td class=\"mean\">{}</td><td>{}</td><td>{} to {}</td><td>{}</td><td>{}</td>",
                    score_text(metric, summary.mean),
                    score_text(metric, summary.median),
                    score_text(metric, summary.low),
                    score_text(metric, summary.high),
                    summary.scored,
                    summary.failed));
  }
  if (rows.empty())
    return "";
  return section(
      "Scores",
      scrolling_table("Scores",
                      columns_of({"metric", "mean", "median", "95 % interval", "scored", "failed"}),
                      rows));
}

std::string speakers_section(const ScoreTable& scores) {
  const std::map<std::string, ScoreTable> speakers = tables_by_speaker(scores);
  if (speakers.size() < 2)
    return "";
  std::string rows;
  for (const auto& [speaker, table] : speakers) {
    std::string cells = number_cell(std::to_string(table.clips.size()));
    for (const std::string& metric : scores.metrics)
      cells += number_cell(score_text(metric, mean_of(shares_of(table, metric))));
    rows += table_row(speaker, cells);
  }
  return section(
      "Means by speaker",
      scrolling_table(
          "Means by speaker", columns_of({"speaker", "clips"}) + columns_of(scores.metrics), rows));
}

std::string failures_section(const ScoreTable& scores) {
  std::string rows;
  for (const ClipScores& clip : scores.clips)
    if (!clip.failure.empty())
      rows += table_row(clip.id, text_cell(clip.failure));
  if (rows.empty())
    return "";
  return section("Clips that lack scores",
                 scrolling_table(
                     "Clips that lack scores", columns_of({"clip"}) + text_column("reason"), rows));
}

std::string all_scores_section(const ScoreTable& scores) {
  std::string rows;
  for (const ClipScores& clip : scores.clips) {
    std::string cells;
    for (const std::string& metric : scores.metrics) {
      const auto score = clip.scores.find(metric);
      cells += number_cell(score == clip.scores.end() ? "-" : score_text(metric, score->second));
    }
    rows += table_row(clip.id, cells + text_cell(clip.note));
  }
  if (rows.empty())
    return "";
  return closed_section(
      "Scores of every clip",
      scrolling_table("Scores of every clip",
                      columns_of({"clip"}) + columns_of(scores.metrics) + text_column("note"),
                      rows));
}

}  // namespace lipsound2::eval
