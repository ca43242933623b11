#pragma once

#include <string>

#include "lipsound2/eval/report.h"

namespace lipsound2::eval {

/// Drawings are SVG, 320 units wide: about as many pixels as a phone has for them, so that their
/// text (11 units) is read there without zooming. The page's style colors them (report_style.h).
constexpr double kPlotLeft = 38;
constexpr double kPlotRight = 304;

/// The most steps from the first number of an axis to its last.
constexpr int kMostSteps = 6;

/// Where the values of two axes lie between kPlotLeft and kPlotRight, `top` and `bottom`.
struct PlotFrame {
  ReportAxis x;
  ReportAxis y;
  double top = 0;
  double bottom = 0;

  double to_x(double value) const;
  double to_y(double value) const;
};

/// 1, 2 or 5 times a power of ten: the smallest that is not below `rough`, which is above 0.
double round_step(double rough);

/// Lines, numbers and labels of both axes: from 8 units above `top` to 34 below `bottom`.
std::string draw_axes(const PlotFrame& frame);

/// The whole SVG element. `description` is read to those who do not see it.
std::string drawing(const std::string& description, double height, const std::string& content);

}  // namespace lipsound2::eval
