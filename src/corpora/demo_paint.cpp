#include "demo_paint.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lipsound2::corpora::demo {

namespace {

std::uint8_t to_channel(double value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
}

}  // namespace

void paint(video::Image& picture, const SoftSpot& spot) {
  const int left = std::max(0, static_cast<int>(std::ceil(spot.center.x - spot.radius_x)));
  const int right = std::min(picture.width - 1, static_cast<int>(spot.center.x + spot.radius_x));
  const int top = std::max(0, static_cast<int>(std::ceil(spot.center.y - spot.radius_y)));
  const int bottom = std::min(picture.height - 1, static_cast<int>(spot.center.y + spot.radius_y));
  const auto ink_0 = static_cast<float>(spot.color[0]);
  const auto ink_1 = static_cast<float>(spot.color[1]);
  const auto ink_2 = static_cast<float>(spot.color[2]);
  for (int y = top; y <= bottom; ++y) {
    const double dy = (y - spot.center.y) / spot.radius_y;
    std::uint8_t* pixel = picture.pixels.data() + (std::size_t(y) * picture.width + left) * 3;
    for (int x = left; x <= right; ++x, pixel += 3) {
      const double dx = (x - spot.center.x) / spot.radius_x;
      const double inside = 1 - dx * dx - dy * dy;
      if (inside <= 0)
        continue;
      const auto cover = static_cast<float>(spot.opacity * inside * inside);
      pixel[0] = static_cast<std::uint8_t>(pixel[0] + cover * (ink_0 - pixel[0]) + 0.5F);
      pixel[1] = static_cast<std::uint8_t>(pixel[1] + cover * (ink_1 - pixel[1]) + 0.5F);
      pixel[2] = static_cast<std::uint8_t>(pixel[2] + cover * (ink_2 - pixel[2]) + 0.5F);
    }
  }
}

void scale_light(video::Image& picture, double gain) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = to_channel(gain * static_cast<double>(i));
  for (std::uint8_t& value : picture.pixels)
    value = table[value];
}

Color blend(const Color& a, const Color& b, double share) {
  Color result{};
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = to_channel(a[i] + share * (b[i] - a[i]));
  return result;
}

Color shade(const Color& color, double gain) {
  return blend({0, 0, 0}, color, gain);
}

std::vector<Point> closed_curve(std::span<const Point> knots, int steps) {
  const std::size_t n = knots.size();
  std::vector<Point> curve;
  curve.reserve(n * static_cast<std::size_t>(steps));
  for (std::size_t i = 0; i < n; ++i) {
    const Point& p0 = knots[(i + n - 1) % n];
    const Point& p1 = knots[i];
    const Point& p2 = knots[(i + 1) % n];
    const Point& p3 = knots[(i + 2) % n];
    for (int s = 0; s < steps; ++s) {
      const double t = static_cast<double>(s) / steps;
      const auto cubic = [t](double a, double b, double c, double d) {
        return 0.5 *
               (2 * b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))));
      };
      curve.push_back({cubic(p0.x, p1.x, p2.x, p3.x), cubic(p0.y, p1.y, p2.y, p3.y)});
    }
  }
  return curve;
}

double smooth_step(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

}  // namespace lipsound2::corpora::demo
