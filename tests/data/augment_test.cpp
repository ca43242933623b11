#include "augment.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>

#include "batch_cut.h"
#include "picture_decoder.h"

namespace lipsound2::data {
namespace {

Tensor faces_of(const std::vector<int>& pixels, at::IntArrayRef shape) {
  return at::tensor(pixels).to(at::kByte).view(shape);
}

/// Two pictures of 6 x 6 pixels; each pixel tells frame, row and column: 100 * t + 10 * y + x.
Tensor numbered_faces() {
  std::vector<int> pixels;
  for (int t = 0; t < 2; ++t)
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 6; ++x)
        pixels.push_back(100 * t + 10 * y + x);
  return faces_of(pixels, {1, 2, 6, 6});
}

Tensor changed(const Tensor& faces, FaceChange change, std::int64_t size) {
  change.mean = channel_means(faces);
  return cut_faces(faces, change, size);
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

TEST(Augment, ChangesEachChannelAroundItsOwnMean) {
  const Tensor faces = faces_of({10, 20, 10, 20, 100, 200, 100, 200}, {2, 1, 2, 2});

  const Tensor cut = changed(faces, {.contrast = 0.5}, 2);

  EXPECT_NEAR(cut[0][0][0][0].item<int>(), 12.5, 0.51);  // Mean 15.
  EXPECT_NEAR(cut[1][0][0][1].item<int>(), 175, 0.51);   // Mean 150.
}

TEST(Augment, ChangesBrightnessAndContrastAroundTheMeanAndClips) {
  const Tensor faces = faces_of({100, 140, 120, 240}, {1, 1, 2, 2});  // mean 150

  // (v - 150) * 1.5 + 150 + 255 * 0.1: 100.5, 160.5, 130.5 and 310.5, which is clipped.
  const Tensor cut = changed(faces, {.shift = 0.1, .contrast = 1.5}, 2);

  EXPECT_NEAR(pixel_at(cut, 0, 0, 0), 100.5, 0.51);
  EXPECT_NEAR(pixel_at(cut, 0, 0, 1), 160.5, 0.51);
  EXPECT_NEAR(pixel_at(cut, 0, 1, 0), 130.5, 0.51);
  EXPECT_EQ(pixel_at(cut, 0, 1, 1), 255);
}

TEST(Augment, BlanksARunOfPicturesToTheMeanOfTheClip) {
  const Tensor cut = changed(numbered_faces(), {.blank_first = 1, .blank_count = 1}, 6);

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

TEST(Augment, ErasesARectangleInAllPictures) {
  const Tensor plain = changed(numbered_faces(), {.left = 1}, 5);
  const Tensor cut =
      changed(numbered_faces(),
              {.left = 1, .erase_left = 2, .erase_top = 1, .erase_width = 2, .erase_height = 3},
              5);
  for (int t = 0; t < 2; ++t)
    for (int y = 0; y < 5; ++y)
      for (int x = 0; x < 5; ++x) {
        const bool erased = x >= 2 && x < 4 && y >= 1 && y < 4;
        // The mean of all pictures is 77.5.
        EXPECT_NEAR(pixel_at(cut, t, y, x), erased ? 77.5 : pixel_at(plain, t, y, x), 0.51);
      }
}

TEST(Augment, DrawsRectanglesOfAllSizesWithinThePicture) {
  AugmentConfig config;
  config.erase = 0.5;
  config.erase_size = 0.25;
  int erased = 0;
  std::int64_t widest = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Rng rng(mix({i}));
    const FaceChange change = draw_change(config, {}, /*frames=*/10, rng);
    erased += change.erase_width > 0;
    widest = std::max(widest, change.erase_width);
    ASSERT_EQ(change.erase_width > 0, change.erase_height > 0);
    ASSERT_LE(
        std::max(change.erase_left + change.erase_width, change.erase_top + change.erase_height),
        64);
  }
  EXPECT_NEAR(erased, 1000, 100);  // 4.5 standard deviations
  EXPECT_EQ(widest, 16);
}

TEST(Augment, KeepsPicturesWithoutAChangeAsTheyAre) {
  const Tensor faces = at::randint(0, 256, {1, 3, 9, 9}, at::kByte);

  EXPECT_TRUE(at::equal(changed(faces, {}, 9), faces));
}

/// The code for other devices, run on the CPU.
TEST(Augment, IsTheSameForAWholeBatchOnADevice) {
  AugmentConfig config;
  config.erase = 0.5;
  config.blank = 0.5;
  const FaceInputConfig faces{.size = 20, .resize_to = 25};
  for (const std::int64_t channels : {1, 3}) {
    const Tensor pictures = at::randint(0, 256, {30, channels, 12, 25, 25}, at::kByte);
    std::vector<FaceChange> changes;
    std::vector<std::int64_t> lengths;
    for (std::uint64_t i = 0; i < 30; ++i) {
      Rng rng(mix({i}));
      lengths.push_back(1 + rng.below(12));
      changes.push_back(draw_change(config, faces, lengths.back(), rng));
      changes.back().mean = channel_means(pictures[static_cast<std::int64_t>(i)]);
    }

    const Tensor batch = cut_batch(pictures, at::tensor(lengths), changes, 20);

    ASSERT_EQ(batch.sizes(), (at::IntArrayRef{30, channels, 12, 20, 20}));
    for (std::int64_t i = 0; i < 30; ++i) {
      const std::int64_t length = lengths[static_cast<std::size_t>(i)];
      const Tensor alone = cut_faces(
          pictures[i].narrow(1, 0, length).contiguous(), changes[static_cast<std::size_t>(i)], 20);
      EXPECT_TRUE(at::equal(batch[i].narrow(1, 0, length), alone)) << "clip " << i;
      EXPECT_EQ(batch[i].narrow(1, length, 12 - length).sum().item<int>(), 0);
    }
  }
}

TEST(Augment, RefusesABatchWhoseCutLeavesThePicture) {
  const Tensor pictures = at::randint(0, 256, {1, 1, 2, 9, 9}, at::kByte);

  EXPECT_THROW(cut_batch(pictures, at::tensor({std::int64_t{2}}), {{.left = 2}}, 8), c10::Error);
}

}  // namespace
}  // namespace lipsound2::data
