#pragma once

#include <span>
#include <vector>

#include "lipsound2/video/canvas.h"

namespace lipsound2::corpora::demo {

using video::Color;
using video::Point;

/// An elliptic patch of color that fades out towards its edge, in pixels.
struct SoftSpot {
  Point center;
  double radius_x = 1;
  double radius_y = 1;
  Color color{};
  double opacity = 1;  ///< in the center
};

/// Blends the spot over the picture.
void paint(video::Image& picture, const SoftSpot& spot);

/// Multiplies every pixel.
void scale_light(video::Image& picture, double gain);

/// From `a` (share 0) to `b` (share 1).
Color blend(const Color& a, const Color& b, double share);

/// The color brighter or darker: every channel times `gain`.
Color shade(const Color& color, double gain);

/// The closed Catmull-Rom curve through the knots, `steps` points from each to the next.
std::vector<Point> closed_curve(std::span<const Point> knots, int steps);

/// Smooth step from 0 (at x <= low) to 1 (at x >= high).
double smooth_step(double low, double high, double x);

}  // namespace lipsound2::corpora::demo
