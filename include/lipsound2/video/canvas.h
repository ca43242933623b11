#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lipsound2/video/image.h"

namespace lipsound2::video {

using Color = std::array<std::uint8_t, 3>;  ///< RGB

struct Point {
  double x = 0, y = 0;
};

/// Anti-aliased drawing on an RGB picture, with sub-pixel positions (by OpenCV).
class Canvas {
 public:
  Canvas(int width, int height, Color background);

  void fill_polygon(std::span<const Point> outline, Color color);
  void stroke(std::span<const Point> line, Color color, int thickness);
  /// Angle in degrees, clockwise.
  void fill_ellipse(Point center, double radius_x, double radius_y, double angle, Color color);
  /// Gaussian blur of the whole picture, sigma in pixels.
  void blur(double sigma);
  /// Vertical blend from `top` to `bottom` over the whole picture.
  void gradient(Color top, Color bottom);
  Image& image() { return image_; }

 private:
  Image image_;
};

}  // namespace lipsound2::video
