#include "lipsound2/eval/paired_comparison.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

using ::testing::HasSubstr;

// Clips whose scores are `base` plus noise of deviation 0.1, the same noise for every base.
ScoreTable table_around(double base, int clips) {
  Rng rng(7);
  ScoreTable table;
  table.metrics = {"stoi"};
  for (int i = 0; i < clips; ++i) {
    ClipScores clip;
    clip.id = std::to_string(i);
    clip.scores["stoi"] = base + 0.1 * rng.normal();
    table.clips.push_back(clip);
  }
  return table;
}

// The same with noise of its own on top.
ScoreTable disturbed(ScoreTable table, double deviation) {
  Rng rng(8);
  for (ClipScores& clip : table.clips)
    clip.scores["stoi"] += deviation * rng.normal();
  return table;
}

TEST(PairedDifference, SeesASmallGainThatIsTheSameForAllClips) {
  const auto found =
      paired_difference(table_around(0.5, 40), disturbed(table_around(0.52, 40), 0.01), "stoi");

  EXPECT_NEAR(found.mean, 0.02, 0.005);
  EXPECT_GT(found.low, 0.01);
  EXPECT_LT(found.p, 0.001);
  EXPECT_EQ(found.clips, 40);
}

TEST(PairedDifference, DoesNotTakeNoiseForAGain) {
  const auto found =
      paired_difference(table_around(0.5, 40), disturbed(table_around(0.5, 40), 0.05), "stoi");

  EXPECT_LT(found.low, 0);
  EXPECT_GT(found.high, 0);
  EXPECT_GT(found.p, 0.05);
}

TEST(PairedDifference, OfEqualScoresIsNothing) {
  const auto found = paired_difference(table_around(0.5, 9), table_around(0.5, 9), "stoi");

  EXPECT_EQ(found.mean, 0);
  EXPECT_EQ(found.p, 1);
}

TEST(PairedDifference, OfFewClipsCannotBeSure) {
  // Five differences of one sign: 2 of the 32 sign patterns are as extreme, p = 0.0625.
  const auto found = paired_difference(table_around(0.5, 5), table_around(0.6, 5), "stoi");

  EXPECT_NEAR(found.p, 0.0625, 0.01);
}

TEST(PairedDifference, PairsByIdAndCountsWhatIsLeftOver) {
  ScoreTable second = table_around(0.6, 9);
  std::swap(second.clips[0], second.clips[5]);
  second.clips.pop_back();

  const auto found = paired_difference(table_around(0.5, 9), second, "stoi");

  EXPECT_NEAR(found.mean, 0.1, 1e-9);
  EXPECT_EQ(found.clips, 8);
  EXPECT_EQ(found.unpaired, 1);
}

TEST(PairedDifference, NeedsTwoSharedClips) {
  try {
    paired_difference(table_around(0.5, 1), table_around(0.5, 9), "stoi");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("stoi: expected at least two clips"));
  }
}

// Clips of 10 and 2 words, so many of each wrong.
ScoreTable wrong_words(std::size_t of_ten, std::size_t of_two) {
  ScoreTable table;
  table.metrics = {"wer"};
  table.clips.resize(2);
  table.clips[0].id = "long";
  table.clips[0].errors["wer"] = {.hits = 10 - of_ten, .substitutions = of_ten};
  table.clips[1].id = "short";
  table.clips[1].errors["wer"] = {.hits = 2 - of_two, .deletions = of_two};
  return table;
}

TEST(PairedDifference, OfErrorRatesIsThatOfTheCorpusRates) {
  const auto found = paired_difference(wrong_words(1, 0), wrong_words(2, 2), "wer");

  EXPECT_DOUBLE_EQ(found.mean, 4.0 / 12 - 1.0 / 12);
  EXPECT_DOUBLE_EQ(found.low, 0.1);  // a resample of the long clip alone
  EXPECT_DOUBLE_EQ(found.high, 1);   // and of the short one
  EXPECT_THAT(comparison_text(wrong_words(1, 0), wrong_words(2, 2)), HasSubstr("+25.00 %"));
}

TEST(PairedDifference, OfErrorsOnOtherReferencesIsRefused) {
  ScoreTable other = wrong_words(1, 0);
  other.clips[0].errors["wer"].hits = 20;

  try {
    paired_difference(wrong_words(1, 0), other, "wer");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(),
                HasSubstr("long: expected the same reference for wer in both evaluations, found "
                          "10 and 21 units"));
  }
}

TEST(PairedDifference, TextAndJsonNameTheMetric) {
  EXPECT_THAT(comparison_text(table_around(0.5, 9), table_around(0.6, 9)), HasSubstr("stoi"));
  EXPECT_THAT(comparison_json(table_around(0.5, 9), table_around(0.6, 9)),
              HasSubstr("\"difference\""));
}

}  // namespace
}  // namespace lipsound2::eval
