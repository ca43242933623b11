#include "lipsound2/eval/report.h"

#include <fmt/format.h>

#include "lipsound2/eval/clip_ranking.h"

#include "html.h"
#include "report_clips.h"
#include "report_style.h"
#include "report_tables.h"
#include "score_histogram.h"

namespace lipsound2::eval {
namespace {

std::string facts_section(const Report& report) {
  if (report.facts.empty())
    return "";
  std::string rows;
  for (const auto& [name, value] : report.facts)
    rows += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
  return section("Evaluation", fmt::format("<dl>\n{}</dl>\n", rows));
}

/// What exactly the metric is, and which scores are good.
std::string metric_text(const ScoreTable& scores, const std::string& metric) {
  const Better better = better_scores(metric);
  const auto variant = scores.variants.find(metric);
  return fmt::format("{}{}",
                     variant == scores.variants.end() ? "" : fmt::format("{}; ", variant->second),
                     better == Better::kHigher  ? "higher is better"
                     : better == Better::kLower ? "lower is better"
                                                : "nearer to 0 is better");
}

/// A figure per metric: what it is, and how its scores are distributed.
std::string metrics_section(const ScoreTable& scores, const Summaries& summaries) {
  std::string figures;
  for (const std::string& metric : scores.metrics) {
    const Summary& summary = summaries.at(metric);
    figures +=
        fmt::format("<figure>\n<figcaption><strong>{}</strong>: {}</figcaption>\n{}</figure>\n",
                    escaped(metric),
                    escaped(metric_text(scores, metric)),
                    summary.scored == 0 ? "<p>No clip has this score.</p>\n"
                                        : score_histogram(scores, metric, summary));
  }
  if (figures.empty())
    return "";
  return section("Metrics and how their scores are distributed",
                 fmt::format("<div class=\"grid\">\n{}</div>\n", figures));
}

std::string config_section(const Report& report) {
  if (report.config.empty())
    return "";
  return closed_section("Resolved config",
                        fmt::format("<pre tabindex=\"0\">{}</pre>\n", escaped(report.config)));
}

}  // namespace

std::string to_html(const Report& report) {
  const ScoreTable& scores = report.scores;
  Summaries summaries;
  for (const std::string& metric : scores.metrics)
    summaries[metric] = summarize(scores, metric);
  const std::string head = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
      escaped(report.title),
      kReportStyle);
  return head + facts_section(report) + scores_section(scores, summaries) +
         metrics_section(scores, summaries) + clips_section(report) + speakers_section(scores) +
         failures_section(scores) + all_scores_section(scores) + config_section(report) +
         "</main>\n</body>\n</html>\n";
}

}  // namespace lipsound2::eval
