#include "lipsound2/eval/score_table.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ScoreTable three_clips() {
  ScoreTable table{.metrics = {"stoi", "wer"},
                   .clips = {{"s1/a", {{"stoi", 0.5}, {"wer", 0.25}}, ""},
                             {"s1/b", {{"stoi", 0.7}}, "no text"},
                             {"s1/c", {}, "less than 0.4 s of speech"}},
                   .variants = {{"stoi", "Taal et al. 2011"}}};
  table.clips[0].errors["wer"] = {.hits = 3, .substitutions = 1};
  return table;
}

// Two of two words wrong, none of ten, and two words heard where nothing was said: 4 errors in 12
// words, while the mean of the clips' own rates is a half.
ScoreTable uneven_clips() {
  ScoreTable table{.metrics = {"wer"},
                   .clips = {{"a", {{"wer", 1}}, ""}, {"b", {{"wer", 0}}, ""}, {"c", {}, ""}},
                   .variants = {}};
  table.clips[0].errors["wer"] = {.substitutions = 2};
  table.clips[1].errors["wer"] = {.hits = 10};
  table.clips[2].errors["wer"] = {.insertions = 2};
  return table;
}

TEST(Summary, CountsWhatWasScoredAndWhatFailed) {
  const Summary summary = summarize(three_clips(), "stoi");

  EXPECT_DOUBLE_EQ(summary.mean, 0.6);
  EXPECT_EQ(summary.scored, 2);
  EXPECT_EQ(summary.failed, 1);
}

TEST(Summary, IntervalIsThatOfTheNormalDistributionForManyClips) {
  // 400 draws of mean 0.5 and deviation 0.1: half the width is about 1.96 * 0.1 / sqrt(400) =
  // 0.0098.
  Rng rng(3);
  ScoreTable table;
  for (int i = 0; i < 400; ++i)
    table.clips.push_back({std::to_string(i), {{"stoi", 0.5 + 0.1 * rng.normal()}}, ""});

  const Summary summary = summarize(table, "stoi");

  EXPECT_NEAR(summary.high - summary.mean, 0.0098, 0.001);
  EXPECT_NEAR(summary.mean - summary.low, 0.0098, 0.001);
}

TEST(Summary, IsTheSameEveryTime) {
  const Summary first = summarize(three_clips(), "stoi");
  const Summary second = summarize(three_clips(), "stoi");

  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

TEST(Summary, OfNoScoresIsNotANumber) {
  const Summary summary = summarize(three_clips(), "pesq");

  EXPECT_TRUE(std::isnan(summary.mean) && std::isnan(summary.low) && std::isnan(summary.high));
  EXPECT_EQ(summary.failed, 3);
}

TEST(Summary, NamesTheClipWhoseScoreIsNotFinite) {
  ScoreTable table = three_clips();
  table.clips[1].scores["stoi"] = std::numeric_limits<double>::infinity();

  try {
    summarize(table, "stoi");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
    EXPECT_THAT(error.what(), HasSubstr("s1/b: expected a finite score for stoi, found inf"));
  }
}

TEST(Summary, OfAnErrorRateIsThatOfTheCorpus) {
  const Summary summary = summarize(uneven_clips(), "wer");

  EXPECT_DOUBLE_EQ(summary.mean, 4.0 / 12);
  EXPECT_DOUBLE_EQ(summary.median, 0.5);
  EXPECT_EQ(summary.scored, 3);
  EXPECT_EQ(summary.errors,
            (ErrorCounts{.hits = 10, .substitutions = 2, .deletions = 0, .insertions = 2}));
}

TEST(Summary, OfAnErrorRateWithoutItsCountsIsRefused) {
  ScoreTable table = uneven_clips();
  table.clips[1].errors.clear();

  try {
    summarize(table, "wer");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("b: expected the counts of errors behind wer"));
  }
}

TEST(Summary, OfOnlyEmptyReferencesHasNoRate) {
  ScoreTable table = uneven_clips();
  table.clips.erase(table.clips.begin(), table.clips.begin() + 2);

  const Summary summary = summarize(table, "wer");

  EXPECT_TRUE(std::isnan(summary.mean));
  EXPECT_TRUE(std::isnan(summary.low));
  EXPECT_EQ(summary.errors.insertions, 2U);
  EXPECT_THAT(to_text(table), HasSubstr("wer                     -"));
}

TEST(ScoreTable, TextShowsErrorRatesInPercentAndNamesFailures) {
  const std::string text = to_text(three_clips());

  EXPECT_THAT(
      text,
      HasSubstr("stoi               0.6000     0.6000        [0.5000, 0.7000]       2       1\n"));
  EXPECT_THAT(text,
              HasSubstr("wer               25.00 %      [25.00 %, 25.00 %]         4            1  "
                        "      0         0       1\n"));
  EXPECT_THAT(text, HasSubstr("failed: s1/c: less than 0.4 s of speech\n"));
  EXPECT_THAT(text, Not(HasSubstr("s1/a")));
}

TEST(ScoreTable, JsonHoldsSummariesClipsAndVariants) {
  const auto json = nlohmann::json::parse(to_json(three_clips()));

  const auto expected = nlohmann::json::parse(R"({
    "n": 3, "failed": 2,
    "metrics": {"stoi": {"mean": 0.6, "median": 0.6, "ci95": [0.5, 0.7], "scored": 2, "failed": 1},
                "wer": {"mean": 0.25, "median": 0.25, "ci95": [0.25, 0.25], "scored": 1, "failed": 2,
                        "errors": {"units": 4, "hits": 3, "substitutions": 1, "deletions": 0, "insertions": 0}}},
    "clips": [{"id": "s1/a", "stoi": 0.5, "wer": 0.25,
               "errors": {"wer": {"units": 4, "hits": 3, "substitutions": 1, "deletions": 0, "insertions": 0}}},
              {"id": "s1/b", "stoi": 0.7, "failure": "no text"},
              {"id": "s1/c", "failure": "less than 0.4 s of speech"}],
    "variants": {"stoi": "Taal et al. 2011"}})");
  EXPECT_EQ(json, expected);
}

ScoreTable two_speakers() {
  ScoreTable table = three_clips();
  table.clips[0].speaker = table.clips[1].speaker = "s1";
  table.clips[2].speaker = "s2";
  return table;
}

TEST(ScoreTable, MeansBySpeakerAreShownWhereThereAreSeveral) {
  const std::string text = to_text(two_speakers());

  EXPECT_THAT(text, HasSubstr("s1                     2         0.6000        25.00 %\n"));
  EXPECT_THAT(text, HasSubstr("s2                     1              -              -\n"));
  EXPECT_THAT(to_text(three_clips()), Not(HasSubstr("by speaker")));
}

TEST(ScoreTable, ComesBackFromItsJson) {
  const ScoreTable table = two_speakers();

  const ScoreTable again = from_json(to_json(table), "scores.json");

  EXPECT_EQ(to_json(again), to_json(table));
}

TEST(ScoreTable, NamesTheFileThatHoldsNoScores) {
  try {
    from_json("[1, 2]", "wrong.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("wrong.json: expected scores as eval writes them"));
  }
}

TEST(ScoreTable, CsvQuotesWhatNeedsIt) {
  ScoreTable table = two_speakers();
  table.clips[1].failure = "no \"text\", none";

  EXPECT_EQ(to_csv(table),
            "id,speaker,stoi,wer,wer-units,wer-substitutions,wer-deletions,wer-insertions,failure,"
            "note\r\n"
            "s1/a,s1,0.5,0.25,4,1,0,0,,\r\n"
            "s1/b,s1,0.7,,,,,,\"no \"\"text\"\", none\",\r\n"
            "s1/c,s2,,,,,,,less than 0.4 s of speech,\r\n");
}

TEST(ScoreTable, JsonHasNullForAMetricThatNoClipHas) {
  ScoreTable table = three_clips();
  table.metrics = {"pesq"};

  const auto json = nlohmann::json::parse(to_json(table));

  EXPECT_TRUE(json["metrics"]["pesq"]["mean"].is_null());
  EXPECT_TRUE(json["metrics"]["pesq"]["ci95"][1].is_null());
}

TEST(ScoreTable, JsonOfNoClipsIsStillWhole) {
  const auto json = nlohmann::json::parse(to_json({}));

  EXPECT_EQ(json.dump(), R"({"clips":[],"failed":0,"metrics":{},"n":0,"variants":{}})");
}

}  // namespace
}  // namespace lipsound2::eval
