#include "plot_axes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "html.h"

namespace lipsound2::eval {
namespace {

constexpr double kRoundingShare = 1e-9;  // of a step, by which a value may miss its place

struct Tick {
  double value;
  std::string text;
};

/// Round numbers on an axis.
std::vector<Tick> ticks(const ReportAxis& axis) {
  const double step = round_step((axis.high - axis.low) / kMostSteps);
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - kRoundingShare)));
  const auto first = static_cast<std::int64_t>(std::ceil(axis.low / step - kRoundingShare));
  const auto last = static_cast<std::int64_t>(std::floor(axis.high / step + kRoundingShare));
  std::vector<Tick> result;
  for (std::int64_t i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    result.push_back({value, fmt::format("{:.{}f}", value, decimals)});
  }
  return result;
}

double share_of_axis(const ReportAxis& axis, double value) {
  return (value - axis.low) / (axis.high - axis.low);
}

}  // namespace

double PlotFrame::to_x(double value) const {
  return kPlotLeft + share_of_axis(x, value) * (kPlotRight - kPlotLeft);
}

double PlotFrame::to_y(double value) const {
  return bottom + share_of_axis(y, value) * (top - bottom);
}

double round_step(double rough) {
  TORCH_CHECK(std::isfinite(rough) && rough > 0, "expected a step above 0, found ", rough);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * (1 - kRoundingShare))
      return factor * power;
  return 10 * power;
}

std::string draw_axes(const PlotFrame& frame) {
  std::string svg = fmt::format("<path class=\"axis\" d=\"M{} {}V{}H{}\"/>\n",
                                kPlotLeft,
                                frame.top,
                                frame.bottom,
                                kPlotRight);
  for (const Tick& tick : ticks(frame.x))
    svg += fmt::format(
        "<path class=\"axis\" d=\"M{0:.1f} {1}v4\"/>"
        "<text x=\"{0:.1f}\" y=\"{2}\" text-anchor=\"middle\">{3}</text>\n",
        frame.to_x(tick.value),
        frame.bottom,
        frame.bottom + 16,
        tick.text);
  for (const Tick& tick : ticks(frame.y))
    svg += fmt::format(
        "<path class=\"axis\" d=\"M{0} {1:.1f}h-4\"/>"
        "<text x=\"{2}\" y=\"{3:.1f}\" text-anchor=\"end\">{4}</text>\n",
        kPlotLeft,
        frame.to_y(tick.value),
        kPlotLeft - 7,
        frame.to_y(tick.value) + 4,
        tick.text);
  return svg + fmt::format(
                   "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n"
                   "<text x=\"2\" y=\"{}\">{}</text>\n",
                   (kPlotLeft + kPlotRight) / 2,
                   frame.bottom + 31,
                   escaped(frame.x.label),
                   frame.top - 9,
                   escaped(frame.y.label));
}

std::string drawing(const std::string& description, double height, const std::string& content) {
  return fmt::format(
      "<svg viewBox=\"0 0 320 {0}\" role=\"img\" aria-label=\"{1}\">\n<title>{1}</title>\n{2}"
      "</svg>\n",
      height,
      escaped(description),
      content);
}

}  // namespace lipsound2::eval
