#include "demo_face.h"

#include <cmath>

#include <gmock/gmock.h>

#include "demo_lips.h"

namespace lipsound2::corpora::demo {
namespace {

/// Mean absolute difference over a box of the picture, in gray levels.
double difference(const video::Image& a, const video::Image& b, const video::Box& box) {
  double sum = 0;
  int count = 0;
  for (int y = static_cast<int>(box.y); y < static_cast<int>(box.y + box.height); ++y)
    for (int x = static_cast<int>(box.x); x < static_cast<int>(box.x + box.width); ++x)
      for (int c = 0; c < 3; ++c, ++count) {
        const auto at = static_cast<std::size_t>((y * a.width + x) * 3 + c);
        sum += std::abs(int{a.pixels[at]} - int{b.pixels[at]});
      }
  return sum / count;
}

constexpr video::Box kWhole{0, 0, kPictureWidth, kPictureHeight, 1};
constexpr video::Box kMouthBox{150, 175, 60, 45, 1};
constexpr video::Box kForehead{150, 85, 60, 20, 1};

TEST(DemoFace, LooksDifferentForEverySpeaker) {
  std::vector<video::Image> faces;
  for (std::int64_t speaker = 1; speaker <= 16; ++speaker)
    faces.push_back(draw_face(make_person(speaker, 1).look, Pose{}, MouthShape{}));
  for (std::size_t i = 0; i < faces.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_GT(difference(faces[i], faces[j], kWhole), 4) << i << " and " << j;
}

TEST(DemoFace, MovesTheMouthAndLeavesTheForehead) {
  const Look look = make_person(1, 1).look;
  const video::Image closed = draw_face(look, Pose{}, MouthShape{});
  const video::Image open = draw_face(look, Pose{}, {.jaw = 1, .open = 1});

  EXPECT_GT(difference(closed, open, kMouthBox), 15);
  EXPECT_EQ(difference(closed, open, kForehead), 0);
}

TEST(DemoFace, GapAndChinFollowTheShape) {
  EXPECT_EQ(lip_gap(MouthShape{}), 0);
  EXPECT_GT(lip_gap({.open = 1}), 0.3);
  EXPECT_GT(chin_drop({.jaw = 1}), chin_drop({.jaw = 0.5}));
}

TEST(DemoFace, SwaysAFewPixelsAndBlinks) {
  Rng rng(5);
  const std::vector<Pose> poses = draw_poses(250, 25, rng);
  double least = 1;
  for (std::size_t i = 1; i < poses.size(); ++i) {
    least = std::min(least, poses[i].eyes);
    EXPECT_LT(std::abs(poses[i].x - poses[i - 1].x), 1);
    EXPECT_LT(std::abs(poses[i].x), 12);
  }
  EXPECT_LT(least, 0.2);
}

}  // namespace
}  // namespace lipsound2::corpora::demo
