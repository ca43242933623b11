#include "speech_parts.h"

#include <cmath>

#include <gmock/gmock.h>

#include "lipsound2/core/random.h"

namespace lipsound2::corpora {
namespace {

using ::testing::IsEmpty;
using video::SoundLevels;
using video::Span;

constexpr float kLoud = 0.1F;
constexpr float kQuiet = 0.002F;

/// A voice from 1.4 s of the container's clock on that pauses in these spans, given from its start.
SoundLevels voice(double seconds, const std::vector<Span>& pauses, float quiet = kQuiet) {
  SoundLevels levels{.start = 1.4, .rms = {}};
  Rng rng(7);
  for (double t = 0; t < seconds - 1e-9; t += SoundLevels::kStep) {
    const bool pauses_now = std::ranges::any_of(
        pauses, [&](const Span& pause) { return t >= pause.start && t < pause.end; });
    const float wobble = 0.7F + 0.6F * static_cast<float>(rng.uniform());
    levels.rms.push_back((pauses_now ? quiet : kLoud) * wobble);
  }
  return levels;
}

std::vector<Span> from_start(std::vector<Span> parts) {
  for (Span& part : parts)
    part = {part.start - 1.4, part.end - 1.4};
  return parts;
}

TEST(CutAtPauses, CutsInTheMiddleOfTheLongestPause) {
  const auto parts =
      from_start(cut_at_pauses(voice(20, {{3.5, 3.8}, {8, 8.4}, {11, 11.2}, {17, 17.3}}), 12));

  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NEAR(parts[0].start, 0, 0.01);
  EXPECT_NEAR(parts[0].end, 8.2, 0.05);
  EXPECT_EQ(parts[1].start, parts[0].end);
  EXPECT_NEAR(parts[1].end, 20, 0.01);
}

TEST(CutAtPauses, LeavesLongPausesOut) {
  const auto parts = from_start(cut_at_pauses(voice(30, {{0, 3}, {9, 15}, {22, 22.3}}), 12));

  ASSERT_EQ(parts.size(), 3U);
  EXPECT_NEAR(parts[0].start, 2.75, 0.1);
  EXPECT_NEAR(parts[0].end, 9.25, 0.1);
  EXPECT_NEAR(parts[1].start, 14.75, 0.1);
  EXPECT_NEAR(parts[1].end, 22.15, 0.1);
  EXPECT_NEAR(parts[2].end, 30, 0.01);
}

TEST(CutAtPauses, TakesEqualWindowsWhereNobodyPauses) {
  const auto parts = from_start(cut_at_pauses(voice(40, {}), 12));

  ASSERT_EQ(parts.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(parts[i].start, 10.0 * static_cast<double>(i), 0.02);
    EXPECT_NEAR(parts[i].end - parts[i].start, 10, 0.02);
  }
}

TEST(CutAtPauses, KeepsToTheLongestAndLosesNoSpeech) {
  Rng rng(3);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<Span> pauses;
    for (double t = 1 + 5 * rng.uniform(); t < 118; t += 1 + 15 * rng.uniform())
      pauses.push_back({t, t + 0.2 + 0.6 * rng.uniform()});
    const auto parts = from_start(cut_at_pauses(voice(120, pauses), 12));

    double covered = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const double length = parts[i].end - parts[i].start;
      EXPECT_LE(length, 12 + 1e-9);
      EXPECT_GE(length, 3 - 1e-9);
      EXPECT_TRUE(i == 0 || parts[i].start == parts[i - 1].end);
      covered += length;
    }
    EXPECT_NEAR(covered, 120, 0.02);
  }
}

TEST(CutAtPauses, HearsPausesOverNoise) {
  const auto parts = from_start(cut_at_pauses(voice(20, {{8, 8.8}, {15, 15.6}}, 0.02F), 12));

  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NEAR(parts[0].end, 8.4, 0.05);
}

TEST(CutAtPauses, FindsNothingInSilence) {
  EXPECT_THAT(cut_at_pauses({}, 12), IsEmpty());
  EXPECT_THAT(cut_at_pauses({.start = 0, .rms = std::vector<float>(3000, 5e-4F)}, 12), IsEmpty());
}

}  // namespace
}  // namespace lipsound2::corpora
