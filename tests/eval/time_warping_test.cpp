#include "time_warping.h"

#include <cmath>

#include <gmock/gmock.h>

namespace lipsound2::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::pair<std::size_t, std::size_t>> warp_values(const std::vector<double>& x,
                                                             const std::vector<double>& y) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const auto& [i, j] : warp_time({x.size(), y.size()}, [&](std::size_t i, std::size_t j) {
         return std::abs(x[i] - y[j]);
       }))
    pairs.emplace_back(i, j);
  return pairs;
}

TEST(WarpTime, IsTheDiagonalOfEqualSequences) {
  EXPECT_THAT(warp_values({1, 2, 3}, {1, 2, 3}), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 2)));
}

TEST(WarpTime, HoldsAFrameWhileTheOtherSoundWaits) {
  EXPECT_THAT(warp_values({1, 5, 9}, {1, 5, 5, 9}),
              ElementsAre(Pair(0, 0), Pair(1, 1), Pair(1, 2), Pair(2, 3)));
  EXPECT_THAT(warp_values({1, 5, 5, 9}, {1, 5, 9}),
              ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 1), Pair(3, 2)));
}

TEST(WarpTime, JoinsTheEndsOfASingleFrame) {
  EXPECT_THAT(warp_values({4}, {1, 2}), ElementsAre(Pair(0, 0), Pair(0, 1)));
  EXPECT_THAT(warp_values({4, 2}, {1}), ElementsAre(Pair(0, 0), Pair(1, 0)));
}

TEST(WarpTime, PrefersTheDiagonalAmongEqualPaths) {
  EXPECT_THAT(warp_values({0, 0, 0}, {0, 0}), ElementsAre(Pair(0, 0), Pair(1, 0), Pair(2, 1)));
}

}  // namespace
}  // namespace lipsound2::eval
