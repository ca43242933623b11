#include "score_histogram.h"

#include <gmock/gmock.h>

#include "plot_axes.h"

namespace lipsound2::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string histogram_of(const std::string& metric, const std::vector<double>& scores) {
  ScoreTable table;
  table.metrics = {metric};
  for (const double score : scores)
    table.clips.push_back({"clip", {{metric, score}}, ""});
  return score_histogram(table, metric, summarize(table, metric));
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto place = text.find(part); place != std::string::npos; place = text.find(part, place + 1))
    ++count;
  return count;
}

// 0.1, 0.2, 0.2, 0.6: six parts or more of a range of 0.5 are 0.1 wide.
TEST(ScoreHistogram, CountsScoresBetweenRoundNumbers) {
  const std::string svg = histogram_of("stoi", {0.1, 0.2, 0.2, 0.6});

  EXPECT_THAT(svg, HasSubstr("<title>0.1 to 0.2: 1 of 4 clips</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>0.2 to 0.3: 2 of 4 clips</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>0.5 to 0.6: 1 of 4 clips</title>"));
  EXPECT_EQ(occurrences(svg, "<rect"), 3U);
}

TEST(ScoreHistogram, SaysItsNumbers) {
  const std::string svg = histogram_of("stoi", {0.25, 0.25, 0.25, 0.25});

  EXPECT_THAT(
      svg,
      HasSubstr("role=\"img\" aria-label=\"Histogram of stoi over 4 clips: mean 0.2500, 95 % "
                "interval of the mean 0.2500 to 0.2500, median 0.2500\""));
  EXPECT_THAT(svg, HasSubstr(">mean 0.2500</text>"));
  EXPECT_THAT(svg, HasSubstr(">median 0.2500</text>"));
  EXPECT_THAT(svg, HasSubstr(">95 % interval of the mean 0.2500 to 0.2500</text>"));
  EXPECT_THAT(svg, HasSubstr(">stoi</text>"));
  EXPECT_THAT(svg, HasSubstr(">clips</text>"));
}

// All four scores lie in the middle of the axis, and so do the marks: 171 is halfway from 38 to
// 304.
TEST(ScoreHistogram, PutsItsMarksWhereTheNumbersAre) {
  const std::string svg = histogram_of("stoi", {0.2, 0.2, 0.8, 0.8});

  EXPECT_THAT(svg, HasSubstr("class=\"line\" d=\"M171.0 46V180\""));
  EXPECT_THAT(svg, HasSubstr("class=\"line dashed\" d=\"M171.0 60V180\""));
}

TEST(ScoreHistogram, TakesOneScoreAndNegativeOnes) {
  for (const double score : {0.0, 1.0, -300.0, 1e6}) {
    const std::string svg = histogram_of("delay", {score});
    EXPECT_EQ(occurrences(svg, "<rect"), 1U) << score;
    EXPECT_THAT(svg, HasSubstr("1 of 1 clips"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
  EXPECT_THAT(histogram_of("delay", {-300, 200}), HasSubstr(">-200</text>"));
}

TEST(PlotAxes, StepsAreRound) {
  EXPECT_DOUBLE_EQ(round_step(0.07), 0.1);
  EXPECT_DOUBLE_EQ(round_step(0.1), 0.1);
  EXPECT_DOUBLE_EQ(round_step(1.1), 2);
  EXPECT_DOUBLE_EQ(round_step(30), 50);
  EXPECT_DOUBLE_EQ(round_step(600), 1000);
}

TEST(PlotAxes, NumberThePlacesOfBothAxes) {
  const std::string svg =
      draw_axes({.x = {"time (s)", 0, 6}, .y = {"<bands>", 0, 80}, .top = 20, .bottom = 120});

  for (const char* number : {">0<", ">1<", ">2<", ">6<", ">20<", ">40<", ">60<", ">80<"})
    EXPECT_THAT(svg, HasSubstr(number));
  EXPECT_THAT(svg, HasSubstr(">&lt;bands&gt;</text>"));
  EXPECT_THAT(svg, HasSubstr("<path class=\"axis\" d=\"M304.0 120v4\"/>"));
  EXPECT_THAT(svg, HasSubstr("<path class=\"axis\" d=\"M38 70.0h-4\"/>"));
}

}  // namespace
}  // namespace lipsound2::eval
