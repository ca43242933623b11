#include "lipsound2/video/canvas.h"

#include <array>
#include <numeric>

#include <gmock/gmock.h>

namespace lipsound2::video {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Lt;

Color at(Canvas& canvas, int x, int y) {
  const Image& image = canvas.image();
  const std::uint8_t* p = &image.pixels[std::size_t{3} * (y * image.width + x)];
  return {p[0], p[1], p[2]};
}

TEST(Canvas, FillsAPolygonInRgb) {
  Canvas canvas(20, 10, {1, 2, 3});

  canvas.fill_polygon(std::array<Point, 4>{{{4, 2}, {12, 2}, {12, 7}, {4, 7}}}, {200, 100, 50});

  EXPECT_THAT(at(canvas, 8, 4), ElementsAre(200, 100, 50));
  EXPECT_THAT(at(canvas, 0, 0), ElementsAre(1, 2, 3));
  EXPECT_THAT(at(canvas, 18, 4), ElementsAre(1, 2, 3));
}

TEST(Canvas, MovesAnEllipseByLessThanAPixel) {
  const auto weight_of_right_half = [](double x) {
    Canvas canvas(40, 40, {0, 0, 0});
    canvas.fill_ellipse({x, 20}, 8, 8, 0, {255, 255, 255});
    int sum = 0;
    for (int row = 0; row < 40; ++row)
      for (int column = 20; column < 40; ++column)
        sum += at(canvas, column, row)[0];
    return sum;
  };

  EXPECT_GT(weight_of_right_half(20.3), weight_of_right_half(20.0));
  EXPECT_GT(weight_of_right_half(20.6), weight_of_right_half(20.3));
}

TEST(Canvas, StrokesOnlyAlongTheLine) {
  Canvas canvas(30, 30, {0, 0, 0});

  canvas.stroke(std::array<Point, 2>{{{5, 15}, {25, 15}}}, {0, 255, 0}, 3);

  EXPECT_THAT(at(canvas, 15, 15), ElementsAre(0, 255, 0));
  EXPECT_THAT(at(canvas, 15, 5), ElementsAre(0, 0, 0));
}

TEST(Canvas, BlendsAGradientFromTopToBottom) {
  Canvas canvas(4, 11, {0, 0, 0});

  canvas.gradient({0, 100, 200}, {100, 200, 0});

  EXPECT_THAT(at(canvas, 1, 0), ElementsAre(0, 100, 200));
  EXPECT_THAT(at(canvas, 3, 5), ElementsAre(50, 150, 100));  // the middle row is the mean
  EXPECT_THAT(at(canvas, 2, 10), ElementsAre(100, 200, 0));
}

TEST(Canvas, BlursWithoutLosingLight) {
  Canvas canvas(41, 41, {0, 0, 0});
  canvas.fill_polygon(std::array<Point, 4>{{{16, 16}, {24, 16}, {24, 24}, {16, 24}}},
                      {240, 240, 240});
  const auto light = [&] {
    return std::accumulate(canvas.image().pixels.begin(), canvas.image().pixels.end(), 0.0);
  };
  const double before = light();

  canvas.blur(2);

  EXPECT_NEAR(light(), before, 0.02 * before);
  EXPECT_THAT(at(canvas, 20, 20), Each(Lt(240)));
}

}  // namespace
}  // namespace lipsound2::video
