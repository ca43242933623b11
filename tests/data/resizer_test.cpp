#include "resizer.h"

#include <numeric>

#include <gmock/gmock.h>

#include "lipsound2/core/random.h"

#include "data/resized.h"
#include "support/toy_corpus.h"

namespace lipsound2::data {
namespace {

using Pixels = std::vector<std::uint8_t>;

Picture noise(PictureSize size) {
  Rng rng(7);
  Picture picture{size.width, size.height, 1, {}};
  for (int i = 0; i < size.width * size.height; ++i)
    picture.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  return picture;
}

/// One pixel, as the weights say: rows first, rounded to 8 bits after the point, then columns.
int weighted_sum(const Picture& picture, PictureSize size, int x, int y) {
  const Resizer::Taps rows(picture.height, size.height);
  const Resizer::Taps columns(picture.width, size.width);
  int sum = 1 << 21;
  for (int k = 0; k < columns.count; ++k) {
    int column = 1 << 5;
    for (int j = 0; j < rows.count; ++j)
      column += rows.weights.at(static_cast<std::size_t>(y * rows.count + j)) *
                picture.pixels.at(static_cast<std::size_t>(
                    (rows.first.at(static_cast<std::size_t>(y)) + j) * picture.width +
                    columns.first.at(static_cast<std::size_t>(x)) + k));
    sum += columns.weights.at(static_cast<std::size_t>(x * columns.count + k)) * (column >> 6);
  }
  return sum >> 22;
}

TEST(Resizer, GivesTheWeightedSumsOfAnySize) {
  for (const auto& [from, to] : {std::pair<PictureSize, PictureSize>{{112, 112}, {72, 72}},
                                 {{37, 53}, {72, 41}},
                                 {{300, 17}, {40, 16}},
                                 {{16, 32}, {31, 33}},
                                 {{1, 5}, {3, 1}}}) {
    const Picture picture = noise(from);
    const Picture found = resized(picture, to);
    for (int y = 0; y < to.height; ++y)
      for (int x = 0; x < to.width; ++x)
        ASSERT_EQ(found.pixels.at(static_cast<std::size_t>(y * to.width + x)),
                  weighted_sum(picture, to, x, y))
            << from.width << " x " << from.height << ": " << x << ", " << y;
  }
}

TEST(Resizer, KeepsAFlatPictureFlat) {
  for (const int gray : {0, 3, 128, 255})
    for (const int side : {1, 7, 72, 112, 300}) {
      const Picture picture{
          112, 90, 1, Pixels(std::size_t{112} * 90, static_cast<std::uint8_t>(gray))};
      EXPECT_THAT(resized(picture, {side, side}).pixels, ::testing::Each(gray)) << side;
    }
}

TEST(Resizer, AveragesWholeBlocksWhenShrinkingByAWholeFactor) {
  const Picture picture{4, 2, 1, {0, 10, 100, 200, 20, 30, 100, 255}};

  // (0 + 10 + 20 + 30) / 4 = 15; (100 + 200 + 100 + 255) / 4 = 163.75.
  EXPECT_EQ(resized(picture, {2, 1}).pixels, (Pixels{15, 164}));
}

TEST(Resizer, SharesPixelsBetweenNeighborsWhenShrinkingByAFraction) {
  const Picture picture{3, 1, 1, {0, 90, 240}};

  // Outputs cover 1.5 pixels: (0 + 90 / 2) / 1.5 = 30; (90 / 2 + 240) / 1.5 = 190.
  EXPECT_EQ(resized(picture, {2, 1}).pixels, (Pixels{30, 190}));
}

TEST(Resizer, InterpolatesBetweenCentersWhenGrowing) {
  const Picture picture{2, 1, 1, {0, 100}};

  // Output centers lie at -0.25, 0.25, 0.75 and 1.25 of the input; outside, the edge repeats.
  EXPECT_EQ(resized(picture, {4, 1}).pixels, (Pixels{0, 25, 75, 100}));
}

TEST(Resizer, LeavesAPictureOfTheSameSizeAsItIs) {
  const Picture picture = testing::toy_picture(0.4, 50);

  EXPECT_EQ(resized(picture, {50, 50}).pixels, picture.pixels);
}

TEST(Resizer, KeepsTheMeanOfAPicture) {
  const Picture picture = testing::toy_picture(0.6);
  const auto mean = [](const Picture& p) {
    return std::accumulate(p.pixels.begin(), p.pixels.end(), 0.0) /
           static_cast<double>(p.pixels.size());
  };

  EXPECT_NEAR(mean(resized(picture, {72, 72})), mean(picture), 0.1);
}

}  // namespace
}  // namespace lipsound2::data
