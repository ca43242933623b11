#include "lipsound2/eval/clip_ranking.h"

#include <limits>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Clips "0", "1", ... with these scores.
ScoreTable ranked_table(const std::string& metric, const std::vector<double>& scores) {
  ScoreTable table;
  table.metrics = {metric};
  for (const double score : scores)
    table.clips.push_back({std::to_string(table.clips.size()), {{metric, score}}, ""});
  return table;
}

/// Such as "Best by stoi, 1 of 3: clip 2".
std::vector<std::string> rank_texts(const ScoreTable& table) {
  std::vector<std::string> texts;
  for (const RankedClip& ranked : best_median_worst(table))
    texts.push_back(fmt::format("{}: clip {}", ranked.rank, table.clips.at(ranked.index).id));
  return texts;
}

TEST(ClipRanking, NamesBestMedianAndWorst) {
  EXPECT_THAT(rank_texts(ranked_table("stoi", {0.3, 0.9, 0.1, 0.5, 0.4})),
              ElementsAre("Best by stoi, 1 of 5: clip 1",
                          "Median by stoi, 3 of 5: clip 4",
                          "Worst by stoi, 5 of 5: clip 2"));
}

TEST(ClipRanking, KnowsWhichScoresAreGood) {
  EXPECT_EQ(better_scores("estoi"), Better::kHigher);
  EXPECT_EQ(better_scores("pesq-wb"), Better::kHigher);
  EXPECT_EQ(better_scores("mcd"), Better::kLower);
  EXPECT_EQ(better_scores("delay"), Better::kNearZero);

  EXPECT_THAT(rank_texts(ranked_table("mcd", {5, 7, 6})),
              ElementsAre("Best by mcd, 1 of 3: clip 0",
                          "Median by mcd, 2 of 3: clip 2",
                          "Worst by mcd, 3 of 3: clip 1"));
  EXPECT_THAT(rank_texts(ranked_table("delay", {-90, 1, 40})),
              ElementsAre("Best by delay, 1 of 3: clip 1",
                          "Median by delay, 2 of 3: clip 2",
                          "Worst by delay, 3 of 3: clip 0"));
}

TEST(ClipRanking, RanksEqualClipsInTheirOrder) {
  EXPECT_THAT(rank_texts(ranked_table("stoi", {0.5, 0.5, 0.5, 0.5})),
              ElementsAre("Best by stoi, 1 of 4: clip 0",
                          "Median by stoi, 2 of 4: clip 1",
                          "Worst by stoi, 4 of 4: clip 3"));
}

TEST(ClipRanking, NamesNoClipTwice) {
  EXPECT_THAT(rank_texts(ranked_table("stoi", {0.2})), ElementsAre("Best by stoi, 1 of 1: clip 0"));
  EXPECT_THAT(rank_texts(ranked_table("stoi", {0.2, 0.3})),
              ElementsAre("Best by stoi, 1 of 2: clip 1", "Worst by stoi, 2 of 2: clip 0"));
}

TEST(ClipRanking, LeavesOutClipsWithoutTheScore) {
  ScoreTable table = ranked_table("stoi", {0.2, 0.3, 0.4});
  table.clips[0].scores = {{"mcd", 1}};
  table.clips[2].scores.clear();
  EXPECT_THAT(rank_texts(table), ElementsAre("Best by stoi, 1 of 1: clip 1"));

  table.clips[1].scores.clear();
  EXPECT_THAT(best_median_worst(table), IsEmpty());
  EXPECT_THAT(best_median_worst({}), IsEmpty());
}

TEST(ClipRanking, RefusesScoresThatAreNotFinite) {
  const ScoreTable table =
      ranked_table("stoi", {0.2, std::numeric_limits<double>::quiet_NaN(), 0.4});

  try {
    best_median_worst(table);
    FAIL() << "ranked a NaN";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "1: expected a finite score for stoi, found nan");
  }
}

}  // namespace
}  // namespace lipsound2::eval
