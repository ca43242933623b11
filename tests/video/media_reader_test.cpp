#include "media_reader.h"

#include <gmock/gmock.h>

#include "frame_converter.h"
#include "movies.h"
#include "support/temporary_folder.h"

namespace lipsound2::video {
namespace {

using testing::TemporaryFolder;

// Gray level of each picture of a movie brought to 25 per second.
std::vector<int> levels_at_25(const std::filesystem::path& file) {
  MediaReader reader(file, MediaReader::Sound::kSkip);
  SteadyPictures pictures(reader, 25);
  FrameConverter converter;
  std::vector<int> levels;
  while (const AVFrame* picture = pictures.next())
    levels.push_back(converter.scale(*picture, 120, 1).pixels[20 * 160 + 80]);
  return levels;
}

class SteadyPicturesAtEveryRate : public ::testing::TestWithParam<int> {};

TEST_P(SteadyPicturesAtEveryRate, TakesThePictureThatIsShownAtEachMoment) {
  const int fps = GetParam();
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.pictures = 3 * fps, .fps = fps});

  const std::vector<int> levels = levels_at_25(folder.path() / "a.mpg");

  ASSERT_EQ(levels.size(), 75U);
  for (int n = 0; n < 75; ++n)
    EXPECT_NEAR(levels[static_cast<std::size_t>(n)], level_of(n * fps / 25), 12) << n;
}

INSTANTIATE_TEST_SUITE_P(Rates, SteadyPicturesAtEveryRate, ::testing::Values(24, 25, 30, 50, 60));

TEST(FrameConverter, RepeatsTheEdgeBeyondTheBorder) {
  const TemporaryFolder folder;
  write_movie(folder.path() / "a.mpg", {.pictures = 3});
  MediaReader reader(folder.path() / "a.mpg", MediaReader::Sound::kSkip);
  const FramePtr picture = reader.next_picture();
  FrameConverter converter;

  const Image crop = converter.crop(*picture, {-20, -20, 60}, 60);

  ASSERT_EQ(crop.pixels.size(), 60U * 60 * 3);
  EXPECT_NEAR(crop.pixels[0], level_of(0), 8);
  EXPECT_NEAR(crop.pixels[3 * (10 * 60 + 30)], level_of(0), 8);
}

TEST(FrameConverter, CutsTheSquareThatWasAskedFor) {
  const TemporaryFolder folder;
  MovieWriter movie(folder.path() / "a.mpg", {.width = 160, .height = 120});
  Canvas canvas(160, 120, {20, 20, 20});
  const Point square[] = {{64, 48}, {95, 48}, {95, 79}, {64, 79}};
  canvas.fill_polygon(square, {220, 30, 60});
  movie.write(canvas.image());
  movie.finish({});
  MediaReader reader(folder.path() / "a.mpg", MediaReader::Sound::kSkip);
  const FramePtr picture = reader.next_picture();
  FrameConverter converter;

  const Image crop = converter.crop(*picture, {48, 32, 64}, 32);

  const auto at = [&](int x, int y, int c) {
    return crop.pixels[std::size_t{3} * (y * 32 + x) + c];
  };
  EXPECT_NEAR(at(16, 16, 0), 220, 12);  // red, green, blue in this order
  EXPECT_NEAR(at(16, 16, 1), 30, 12);
  EXPECT_NEAR(at(16, 16, 2), 60, 12);
  EXPECT_NEAR(at(2, 16, 0), 20, 12);
  EXPECT_NEAR(at(29, 16, 0), 20, 12);
  EXPECT_NEAR(at(16, 2, 0), 20, 12);
}

}  // namespace
}  // namespace lipsound2::video
