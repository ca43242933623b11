#include "lipsound2/corpora/census.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "prepare_census.h"

namespace lipsound2::corpora {
namespace {

Census small_census() {
  Census census;
  census.splits["train"] = {.clips = 2, .frames = 150, .seconds = 6.1};
  census.splits["test"] = {.clips = 1, .frames = 75, .seconds = 2.9};
  census.speakers["s1"] = {.sex = "m", .clips = {{"train", 2}, {"test", 1}}};
  census.formats["a"] = 3;
  census.notes["b"] = 1;
  census.rejects["c"] = 1;
  return census;
}

TEST(Census, SumsCountsByName) {
  Census sum = small_census();
  Census more = small_census();
  more.speakers["s2"] = {.sex = "", .clips = {{"valid", 7}}};

  sum += more;

  EXPECT_EQ(sum.total().clips, 6);
  EXPECT_EQ(sum.total().frames, 450);
  EXPECT_DOUBLE_EQ(sum.total().seconds, 18);
  EXPECT_EQ(sum.speakers.at("s1").sex, "m");
  EXPECT_EQ(sum.speakers.at("s1").clips.at("train"), 4);
  EXPECT_EQ(sum.speakers.at("s2").clips.at("valid"), 7);
  EXPECT_EQ(sum.formats.at("a"), 6);
  EXPECT_EQ(sum.rejected(), 2);
  EXPECT_DOUBLE_EQ(sum.rejected_share(), 0.25);
  EXPECT_EQ(Census().rejected_share(), 0);
}

TEST(Census, IsTheSameAfterJson) {
  const Census before = small_census();

  const Census after = census_from(nlohmann::ordered_json::parse(to_json(before).dump()));

  EXPECT_EQ(after.splits.at("test").frames, 75);
  EXPECT_EQ(after.splits.at("train").seconds, before.splits.at("train").seconds);
  EXPECT_EQ(after.speakers.at("s1").clips, before.speakers.at("s1").clips);
  EXPECT_EQ(after.formats, before.formats);
  EXPECT_EQ(after.notes, before.notes);
  EXPECT_EQ(after.rejects, before.rejects);
  EXPECT_EQ(census_from(nlohmann::ordered_json::parse(to_json(Census()).dump())).total().clips, 0);
}

TEST(KindOf, LeavesOutWhatDiffersFromClipToClip) {
  EXPECT_EQ(kind_of("sound 22 ms shorter"), kind_of("sound 7 ms shorter"));
  EXPECT_EQ(kind_of("expected at least 0.5 s, found 12 pictures, 0.48 s"),
            "expected at least N s, found N pictures, N s");
  EXPECT_EQ(kind_of("aligned 'bin blue', said 'set'"), "aligned '...', said '...'");
  EXPECT_EQ(kind_of("damaged: x"), "damaged: x");
}

TEST(KindOf, KeepsNamesWithDigitsAndApostrophes) {
  EXPECT_EQ(kind_of("mpeg2 of s1 doesn't fit in 3."), "mpeg2 of s1 doesn't fit in N.");
  EXPECT_EQ(kind_of("an open 'quote"), "an open 'quote");
  EXPECT_EQ(kind_of(""), "");
}

}  // namespace
}  // namespace lipsound2::corpora
