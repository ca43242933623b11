#include "score_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "plot_axes.h"

namespace lipsound2::eval {
namespace {

// From top to bottom, in SVG units: two lines of legend, the mean's mark, the median's, the bars.
constexpr double kLegend = 12;
constexpr double kMeanMark = 46;
constexpr double kMedianMark = 60;
constexpr double kBarsTop = 78;
constexpr double kBarsBottom = 180;
constexpr double kHistogramHeight = 214;

/// How many scores lie in each part of an axis, all parts as wide as `step`.
struct ScoreBins {
  double low = 0;
  double step = 0;
  std::vector<std::int64_t> counts;

  double edge(std::size_t i) const { return low + static_cast<double>(i) * step; }
};

ScoreBins count_scores(const std::vector<double>& scores) {
  constexpr double kEdge = 1e-9;  // of a step: a score on an edge belongs to the bar right of it
  auto [low, high] = std::ranges::minmax(scores);
  const double least_width = 0.01 * std::max(1.0, std::abs(high));
  if (high - low < least_width) {  // equal scores have an axis too
    low -= least_width / 2;
    high += least_width / 2;
  }
  const double wanted = std::clamp(2 * std::sqrt(static_cast<double>(scores.size())), 6.0, 30.0);
  ScoreBins bins;
  bins.step = round_step((high - low) / wanted);
  bins.low = std::floor(low / bins.step + kEdge) * bins.step;
  bins.counts.resize(static_cast<std::size_t>(std::ceil((high - bins.low) / bins.step - kEdge)));
  for (const double score : scores) {
    const auto bin = static_cast<std::size_t>((score - bins.low) / bins.step + kEdge);
    ++bins.counts[std::min(bin, bins.counts.size() - 1)];
  }
  return bins;
}

std::string histogram_bars(const ScoreBins& bins, const PlotFrame& frame, std::int64_t clips) {
  std::string svg;
  for (std::size_t i = 0; i < bins.counts.size(); ++i) {
    if (bins.counts[i] == 0)
      continue;
    const double left = frame.to_x(bins.edge(i));
    const double top = frame.to_y(static_cast<double>(bins.counts[i]));
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
        "<title>{:.4g} to {:.4g}: {} of {} clips</title></rect>\n",
        left,
        top,
        frame.to_x(bins.edge(i + 1)) - left,
        frame.bottom - top,
        bins.edge(i),
        bins.edge(i + 1),
        bins.counts[i],
        clips);
  }
  return svg;
}

std::string diamond(double x, double y) {
  return fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}l5 5-5 5-5-5z\"/>\n", x, y - 5);
}

std::string triangle(double x, double y) {
  return fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}h10l-5 8z\"/>\n", x - 5, y - 4);
}

std::string capped_bar(double left, double right, double y) {
  return fmt::format(
      "<path class=\"line\" d=\"M{0:.1f} {2:.1f}v8m0-4H{1:.1f}m0-4v8\"/>\n", left, right, y - 4);
}

std::string legend_text(double x, double y, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x, y + 4, text);
}

/// The marks of mean, interval and median with their numbers.
std::string histogram_legend(const std::string& metric, const Summary& summary) {
  constexpr double kSecond = 180;  // where the second column begins
  return diamond(10, kLegend) +
         legend_text(22, kLegend, fmt::format("mean {}", score_text(metric, summary.mean))) +
         triangle(kSecond - 12, kLegend) +
         legend_text(
             kSecond, kLegend, fmt::format("median {}", score_text(metric, summary.median))) +
         capped_bar(3, 17, kLegend + 16) +
         legend_text(22,
                     kLegend + 16,
                     fmt::format("95 % interval of the mean {} to {}",
                                 score_text(metric, summary.low),
                                 score_text(metric, summary.high)));
}

std::string summary_marks(const PlotFrame& frame, const Summary& summary) {
  const double mean = frame.to_x(summary.mean), median = frame.to_x(summary.median);
  return fmt::format(
             "<path class=\"line\" d=\"M{0:.1f} {1}V{3}\"/>\n"
             "<path class=\"line dashed\" d=\"M{2:.1f} {4}V{3}\"/>\n",
             mean,
             kMeanMark,
             median,
             kBarsBottom,
             kMedianMark) +
         capped_bar(frame.to_x(summary.low), frame.to_x(summary.high), kMeanMark) +
         diamond(mean, kMeanMark) + triangle(median, kMedianMark);
}

std::string description_of(const std::string& metric, const Summary& summary) {
  return fmt::format(
      "Histogram of {} over {} clips: mean {}, 95 % interval of the mean {} to {}, median {}",
      metric,
      summary.scored,
      score_text(metric, summary.mean),
      score_text(metric, summary.low),
      score_text(metric, summary.high),
      score_text(metric, summary.median));
}

}  // namespace

std::string score_histogram(const ScoreTable& table,
                            const std::string& metric,
                            const Summary& summary) {
  std::vector<double> scores;
  for (const ClipScores& clip : table.clips)
    if (const auto score = clip.scores.find(metric); score != clip.scores.end())
      scores.push_back(score->second);
  const ScoreBins bins = count_scores(scores);
  const double highest =
      static_cast<double>(std::max<std::int64_t>(kMostSteps, std::ranges::max(bins.counts)));
  const PlotFrame frame{.x = {metric, bins.edge(0), bins.edge(bins.counts.size())},
                        .y = {"clips", 0, highest},
                        .top = kBarsTop,
                        .bottom = kBarsBottom};
  return drawing(description_of(metric, summary),
                 kHistogramHeight,
                 histogram_legend(metric, summary) + histogram_bars(bins, frame, summary.scored) +
                     draw_axes(frame) + summary_marks(frame, summary));
}

}  // namespace lipsound2::eval
