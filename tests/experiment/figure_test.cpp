#include "lipsound2/experiment/figure.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <png.h>
#include <torch/torch.h>

#include "lipsound2/core/file.h"

#include "support/temporary_folder.h"

namespace lipsound2::experiment {
namespace {

using lipsound2::testing::TemporaryFolder;

struct GrayPicture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> lightness;  // row by row

  int at(std::size_t x, std::size_t y) const { return lightness.at(y * width + x); }
};

GrayPicture in_gray(const std::string& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&image, png.data(), png.size())) << image.message;
  image.format = PNG_FORMAT_GRAY;
  GrayPicture gray{image.width, image.height, {}};
  gray.lightness.resize(PNG_IMAGE_SIZE(image));
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, gray.lightness.data(), 0, nullptr))
      << image.message;
  return gray;
}

TEST(HeatMap, TimeRunsRightAndLowBandsLieBelow) {
  Tensor map = torch::zeros({2, 4});
  map[1][0] = 1;

  const GrayPicture gray = in_gray(heat_map_png(map, {0, 1}));

  EXPECT_EQ(gray.width, 900U);
  EXPECT_EQ(gray.height, 160U);
  EXPECT_GT(gray.at(899, 159), 200);
  const std::pair<std::size_t, std::size_t> dark[] = {{0, 0}, {899, 0}, {0, 159}};
  for (const auto& [x, y] : dark)
    EXPECT_LT(gray.at(x, y), 50) << x << ", " << y;
}

TEST(HeatMap, GrowsLighterWithTheValue) {
  const GrayPicture gray = in_gray(heat_map_png(torch::linspace(-2, 3, 300).unsqueeze(1), {-2, 3}));

  EXPECT_TRUE(std::is_sorted(gray.lightness.begin(), gray.lightness.begin() + 900));
  EXPECT_LT(gray.at(0, 0), 20);
  EXPECT_GT(gray.at(899, 0), 220);
}

TEST(HeatMap, ValuesBeyondTheRangeGetItsEnds) {
  const Tensor map = torch::tensor({-9.0F, 0.0F, 1.0F, 9.0F}).unsqueeze(1);

  const GrayPicture gray = in_gray(heat_map_png(map, {0, 1}));

  EXPECT_EQ(gray.at(0, 0), gray.at(225, 0));
  EXPECT_EQ(gray.at(450, 0), gray.at(899, 0));
  EXPECT_LT(gray.at(225, 0), gray.at(450, 0));
}

TEST(Figures, BothMelsHaveOneRange) {
  const TemporaryFolder folder;
  const FigureFiles files = figure_files(folder.path() / "figures", "s1/a");

  write_figures(
      files,
      {torch::tensor({0.0F, 1.0F}).unsqueeze(0), torch::full({1, 2}, 0.5F), torch::rand({3, 4})});

  EXPECT_EQ(files.mel, folder.path() / "figures" / "s1" / "a_synthesized.png");
  const GrayPicture reference = in_gray(read_file(files.reference_mel));
  const GrayPicture made = in_gray(read_file(files.mel));
  EXPECT_LT(reference.at(0, 159), made.at(0, 0));
  EXPECT_GT(reference.at(0, 0), made.at(0, 0));
  EXPECT_EQ(in_gray(read_file(files.attention)).width, 900U);
}

}  // namespace
}  // namespace lipsound2::experiment
