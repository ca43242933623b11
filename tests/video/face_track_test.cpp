#include "face_track.h"

#include <gmock/gmock.h>

namespace lipsound2::video {
namespace {

Box square(float x, float y, float side) {
  return {x, y, side, side, 1};
}

std::vector<Look> looks_at(const std::vector<std::vector<Box>>& faces) {
  std::vector<Look> looks;
  for (const auto& seen : faces)
    looks.push_back({static_cast<double>(looks.size()), seen});
  return looks;
}

TEST(FaceTrack, TakesTheLargestSteadyFaceFirst) {
  const Box small = square(10, 10, 40);
  const Box large = square(100, 20, 80);

  const auto tracks = steady_tracks(looks_at({{small, large}, {large, small}, {small, large}}));

  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks[0].boxes[0].x, 100);
  EXPECT_EQ(tracks[1].boxes[0].x, 10);
}

TEST(FaceTrack, DropsWhatIsSeenInLessThanHalfOfTheLooks) {
  const Box face = square(10, 10, 40);
  const Box ghost = square(100, 20, 150);

  const auto tracks = steady_tracks(looks_at({{face}, {face, ghost}, {face}}));

  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].boxes.size(), 3U);
}

TEST(FaceTrack, FindsNothingSteadyInOneSightingAmongManyLooks) {
  EXPECT_TRUE(steady_tracks(looks_at({{}, {}, {square(1, 1, 50)}, {}, {}})).empty());
}

TEST(FaceTrack, CountsTimeNotLooks) {
  std::vector<Look> looks;  // a face for 6 of 10 s, looked for five times as often while it is away
  for (double t = 0; t < 6; t += 1)
    looks.push_back({t, {square(10, 10, 40)}});
  for (double t = 6; t < 10; t += 0.2)
    looks.push_back({t, {}});

  ASSERT_EQ(steady_tracks(looks).size(), 1U);
  EXPECT_EQ(steady_tracks(looks)[0].boxes.size(), 6U);
}

TEST(FaceTrack, FollowsAFaceThatDriftsAcrossThePicture) {
  std::vector<std::vector<Box>> faces;
  for (int i = 0; i < 20; ++i)
    faces.push_back({square(15.0F * static_cast<float>(i), 30, 60)});

  const auto tracks = join_looks(looks_at(faces));

  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].boxes.size(), 20U);
}

TEST(FaceTrack, KeepsTwoFacesOfOneLookApart) {
  const auto tracks =
      join_looks(looks_at({{square(0, 0, 50)}, {square(2, 0, 50), square(5, 0, 50)}}));

  EXPECT_EQ(tracks.size(), 2U);
}

TEST(FaceTrack, MedianIgnoresOneWrongBox) {
  const Box box = median_box({square(10, 20, 40), square(300, 5, 90), square(12, 22, 40)});

  EXPECT_EQ(box.width, 40);
  EXPECT_EQ(box.x, 12);  // centers 30, 345, 32
  EXPECT_EQ(box.y, 22);  // centers 40, 50, 42
}

TEST(FacePath, StaysPutInAShortClip) {
  const FacePath path({{0, 1, 2}, {square(0, 0, 50), square(10, 0, 50), square(20, 0, 50)}}, 3);

  EXPECT_EQ(path.at(0).x, 10);
  EXPECT_EQ(path.at(2.9).x, 10);
}

TEST(FacePath, FollowsSmoothlyInALongClip) {
  FaceTrack track;
  for (int i = 0; i < 60; ++i) {
    track.seconds.push_back(i);
    track.boxes.push_back(square(5.0F * static_cast<float>(i), 40, 50));
  }
  track.boxes[30].x = 900;  // one wrong sighting, 750 pixels away
  const FacePath path(track, 60);

  for (double t = 5; t < 54; t += 0.04) {
    EXPECT_NEAR(path.at(t).x, 5 * t, 4.0) << t;
    EXPECT_LT(std::abs(path.at(t + 0.04).x - path.at(t).x), 1.0) << t;
  }
}

TEST(FacePath, WaitsWhereTheFaceWasLastSeen) {
  const FacePath path(
      {{0, 1, 40, 41}, {square(0, 0, 50), square(0, 0, 50), square(90, 0, 50), square(90, 0, 50)}},
      60);

  EXPECT_NEAR(path.at(20).x, 0, 1e-3);
  EXPECT_NEAR(path.at(58).x, 90, 1e-3);
}

TEST(ShareWithout, IsTheTimeInWhichSomebodyElseIsSeen) {
  const Box left{.x = 10, .y = 10, .width = 50, .height = 50, .score = 1};
  const Box right{.x = 200, .y = 10, .width = 50, .height = 50, .score = 1};
  // Nobody is seen from 4 s to 5 s, both from 5 s on.
  const std::vector<Look> looks{
      {0, {left}}, {1, {left}}, {2, {left}}, {3, {right}}, {4, {}}, {5, {left, right}}};

  const FaceTrack track = join_looks(looks).front();

  EXPECT_NEAR(share_without(track, looks), 1.0 / 5, 1e-9);
  EXPECT_EQ(share_without(track, {{0, {left}}, {1, {left}}}), 0);
}

}  // namespace
}  // namespace lipsound2::video
