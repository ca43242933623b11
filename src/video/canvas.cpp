#include "lipsound2/video/canvas.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace lipsound2::video {
namespace {

// OpenCV's drawing takes fixed-point coordinates with this many fractional bits.
constexpr int kFractionBits = 4;

int to_fixed(double pixels) {
  return static_cast<int>(std::lround(pixels * (1 << kFractionBits)));
}

std::vector<cv::Point> to_fixed(std::span<const Point> points) {
  std::vector<cv::Point> result;
  for (const Point& p : points)
    result.emplace_back(to_fixed(p.x), to_fixed(p.y));
  return result;
}

cv::Mat view_of(Image& image) {
  return cv::Mat(image.height, image.width, CV_8UC3, image.pixels.data());
}

cv::Scalar to_scalar(const Color& color) {
  return cv::Scalar(color[0], color[1], color[2]);
}

}  // namespace

Canvas::Canvas(int width, int height, Color background) {
  if (width <= 0 || height <= 0)
    throw std::invalid_argument("a canvas needs a positive size");
  image_ = {width, height, 3, std::vector<std::uint8_t>(std::size_t{3} * width * height)};
  view_of(image_).setTo(to_scalar(background));
}

void Canvas::fill_polygon(std::span<const Point> outline, Color color) {
  const std::vector<std::vector<cv::Point>> polygons{to_fixed(outline)};
  cv::Mat view = view_of(image_);
  cv::fillPoly(view, polygons, to_scalar(color), cv::LINE_AA, kFractionBits);
}

void Canvas::stroke(std::span<const Point> line, Color color, int thickness) {
  const std::vector<std::vector<cv::Point>> lines{to_fixed(line)};
  cv::Mat view = view_of(image_);
  cv::polylines(
      view, lines, /*isClosed=*/false, to_scalar(color), thickness, cv::LINE_AA, kFractionBits);
}

void Canvas::fill_ellipse(
    Point center, double radius_x, double radius_y, double angle, Color color) {
  cv::Mat view = view_of(image_);
  cv::ellipse(view,
              cv::Point(to_fixed(center.x), to_fixed(center.y)),
              cv::Size(to_fixed(radius_x), to_fixed(radius_y)),
              angle,
              /*startAngle=*/0,
              /*endAngle=*/360,
              to_scalar(color),
              cv::FILLED,
              cv::LINE_AA,
              kFractionBits);
}

void Canvas::blur(double sigma) {
  cv::Mat view = view_of(image_);
  cv::GaussianBlur(view, view, cv::Size(0, 0), sigma, sigma, cv::BORDER_REPLICATE);
}

void Canvas::gradient(Color top, Color bottom) {
  cv::Mat view = view_of(image_);
  for (int y = 0; y < view.rows; ++y) {
    const double share = view.rows > 1 ? static_cast<double>(y) / (view.rows - 1) : 0.0;
    view.row(y).setTo(to_scalar(top) * (1 - share) + to_scalar(bottom) * share);
  }
}

}  // namespace lipsound2::video
