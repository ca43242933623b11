#include "augment.h"

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>

namespace lipsound2::data {
namespace {

/// Two pictures of 6 x 6 pixels; each pixel tells frame, row and column: 100 * t + 10 * y + x.
FacePictures numbered_faces() {
  FacePictures faces{2, 6, 1, {}};
  for (int t = 0; t < 2; ++t)
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 6; ++x)
        faces.pixels.push_back(static_cast<std::uint8_t>(100 * t + 10 * y + x));
  return faces;
}

int pixel_at(const Tensor& cut, std::int64_t t, std::int64_t y, std::int64_t x) {
  return cut[0][t][y][x].item<std::uint8_t>();
}

TEST(Augment, CutsTheSamePlaceOutOfEveryPicture) {
  const Tensor cut = cut_faces(numbered_faces(), {.left = 2, .top = 1}, 3);

  EXPECT_EQ(cut.sizes(), (at::IntArrayRef{1, 2, 3, 3}));
  EXPECT_EQ(pixel_at(cut, 0, 0, 0), 12);
  EXPECT_EQ(pixel_at(cut, 1, 2, 2), 134);
}

TEST(Augment, MirrorsTheCut) {
  const Tensor cut = cut_faces(numbered_faces(), {.left = 2, .top = 1}, 3);
  const Tensor mirrored = cut_faces(numbered_faces(), {.left = 2, .top = 1, .mirrored = true}, 3);

  EXPECT_TRUE(at::equal(mirrored, cut.flip(3)));
}

TEST(Augment, SeparatesInterleavedChannels) {
  const FacePictures faces{1, 2, 3, {1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33}};

  const Tensor cut = cut_faces(faces, {}, 2);

  EXPECT_EQ(cut.sizes(), (at::IntArrayRef{3, 1, 2, 2}));
  EXPECT_EQ(cut[2][0][1][0].item<std::uint8_t>(), 23);
}

TEST(Augment, ChangesBrightnessAndContrastAroundTheMeanAndClips) {
  const FacePictures faces{1, 2, 1, {100, 140, 120, 240}};  // mean 150

  // (v - 150) * 1.5 + 150 + 255 * 0.1: 100.5, 160.5, 130.5 and 310.5, which is clipped.
  const Tensor cut = cut_faces(faces, {.shift = 0.1, .contrast = 1.5}, 2);

  EXPECT_NEAR(pixel_at(cut, 0, 0, 0), 100.5, 0.51);
  EXPECT_NEAR(pixel_at(cut, 0, 0, 1), 160.5, 0.51);
  EXPECT_NEAR(pixel_at(cut, 0, 1, 0), 130.5, 0.51);
  EXPECT_EQ(pixel_at(cut, 0, 1, 1), 255);
}

TEST(Augment, BlanksARunOfPicturesToTheMeanOfTheClip) {
  const Tensor cut = cut_faces(numbered_faces(), {.blank_first = 1, .blank_count = 1}, 6);

  // Mean of 10 y + x over 0..5 is 27.5; with the second picture's 100 more: 77.5.
  EXPECT_NEAR(pixel_at(cut, 1, 0, 0), 77.5, 0.51);
  EXPECT_EQ(cut[0][1].min().item<int>(), cut[0][1].max().item<int>());
  EXPECT_EQ(pixel_at(cut, 0, 5, 5), 55);
}

TEST(Augment, DrawsOnlyWhatTheConfigAllows) {
  const AugmentConfig config;
  const FaceInputConfig faces;
  int mirrored = 0;
  int blanked = 0;
  std::int64_t most_left = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Rng rng(mix({i}));
    const FaceChange change = draw_change(config, faces, /*frames=*/10, rng);

    ASSERT_GE(std::min(change.left, change.top), 0);
    ASSERT_LE(std::max(change.left, change.top), 8);  // 72 - 64
    ASSERT_LE(std::abs(change.shift), 0.2);
    ASSERT_LE(std::abs(change.contrast - 1), 0.2);
    ASSERT_LE(change.blank_count, 3);
    ASSERT_LE(change.blank_first + change.blank_count, 10);
    mirrored += change.mirrored;
    blanked += change.blank_count > 0;
    most_left = std::max(most_left, change.left);
  }
  EXPECT_EQ(most_left, 8);
  EXPECT_NEAR(mirrored, 1000, 100);  // probability 0.5; 100 is 4.5 standard deviations
  EXPECT_NEAR(blanked, 600, 100);    // probability 0.3
}

TEST(Augment, ReachesTheLongestRunOfBlanksAndNeverMorePicturesThanThereAre) {
  AugmentConfig config;
  config.blank = 1;
  config.blank_frames = 5;
  std::int64_t longest = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    Rng rng(mix({i}));
    const FaceChange change = draw_change(config, {}, /*frames=*/2, rng);
    ASSERT_LE(change.blank_first + change.blank_count, 2);
    Rng again(mix({i}));
    longest = std::max(longest, draw_change(config, {}, /*frames=*/75, again).blank_count);
  }
  EXPECT_EQ(longest, 5);
}

TEST(Augment, LeavesOtherChangesAloneWhenOneIsSwitchedOff) {
  AugmentConfig without;
  without.random_crop = false;
  without.flip = 0;
  without.blank_frames = 0;
  Rng one(9);
  Rng two(9);
  const FaceChange full = draw_change({}, {}, 75, one);
  const FaceChange less = draw_change(without, {}, 75, two);

  EXPECT_EQ(less.shift, full.shift);
  EXPECT_EQ(less.contrast, full.contrast);
  EXPECT_EQ(less.left, 4);  // the center: (72 - 64) / 2
  EXPECT_EQ(less.blank_count, 0);
  EXPECT_EQ(one.next(), two.next());
}

}  // namespace
}  // namespace lipsound2::data
