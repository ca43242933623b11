#include "lipsound2/eval/report.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

namespace lipsound2::eval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Report small_report() {
  const ClipScores good{"s1/a", {{"stoi", 0.5}}, "", "s1", ""};
  Report report;
  report.title = "Scores <test> & \"more\"";
  report.facts = {{"checkpoint", "best, step 2000"}};
  report.scores = {.metrics = {"stoi"},
                   .clips = {good,
                             {"s1/<b>", {}, "too short & silent", "s1", ""},
                             {"s2/c", {{"stoi", 0.25}}, "", "s2", "cut by 3 samples"}},
                   .variants = {{"stoi", "Taal et al. 2011"}}};
  report.clips = {{"Best by stoi, 1 of 2",
                   good,
                   "bin <blue>",
                   {{"Synthesized", {{0.0F, 0.5F}, 16000}}},
                   {{"Mel of a", "\x89PNG", {"time (s)", 0, 3}, {"mel band", 0, 80}}}}};
  report.config = "name: \"a & b\"\n";
  return report;
}

/// Where `parts` stand in the text; they must stand there in this order.
void expect_in_order(const std::string& text, const std::vector<std::string>& parts) {
  std::size_t place = 0;
  for (const std::string& part : parts) {
    place = text.find(part, place);
    ASSERT_NE(place, std::string::npos) << part;
  }
}

TEST(Report, ShowsItsPartsInOrder) {
  expect_in_order(to_html(small_report()),
                  {"<!DOCTYPE html>",
                   "<html lang=\"en\">",
                   "<h1>Scores",
                   "<dt>checkpoint</dt><dd>best, step 2000</dd>",
                   "<h2>Scores</h2>",
                   "<h2>Metrics and how their scores are distributed</h2>",
                   "<h2>Best, median and worst clip</h2>",
                   "<h3>Best by stoi, 1 of 2</h3>",
                   "<h2>Means by speaker</h2>",
                   "<h2>Clips that lack scores</h2>",
                   "<h2>Scores of every clip</h2>",
                   "<h2>Resolved config</h2>",
                   "</html>"});
}

TEST(Report, ShowsScores) {
  const std::string html = to_html(small_report());

  EXPECT_THAT(html,
              HasSubstr("<th scope=\"row\">stoi</th><td class=\"mean\">0.3750</td>"
                        "<td>0.3750</td><td>0.2500 to 0.5000</td><td>2</td><td>1</td>"));
  EXPECT_THAT(html,
              HasSubstr("<strong>stoi</strong>: Taal et al. 2011; higher is better</figcaption>"));
  EXPECT_THAT(html,
              HasSubstr("<svg viewBox=\"0 0 320 214\" role=\"img\" aria-label=\"Histogram of "));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">s2</th><td>1</td><td>0.2500</td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">s1/a</th><td>0.5000</td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"text\">cut by 3 samples</td>"));
}

TEST(Report, EscapesTexts) {
  const std::string html = to_html(small_report());

  EXPECT_THAT(html, HasSubstr("<h1>Scores &lt;test&gt; &amp; &quot;more&quot;</h1>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">s1/&lt;b&gt;</th><td>-</td>"));
  EXPECT_THAT(html, HasSubstr("<q>bin &lt;blue&gt;</q>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"text\">too short &amp; silent</td>"));
  EXPECT_THAT(html, HasSubstr("name: &quot;a &amp; b&quot;"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<b>")), Not(HasSubstr("<blue>"))));
}

TEST(Report, EmbedsPicturesAndSounds) {
  const std::string html = to_html(small_report());

  // printf '\x89PNG' | base64; every RIFF file starts with UklGR.
  EXPECT_THAT(html, HasSubstr("href=\"data:image/png;base64,iVBORw==\""));
  EXPECT_THAT(html,
              HasSubstr("aria-label=\"Synthesized, s1/a\" src=\"data:audio/wav;base64,UklGR"));
  EXPECT_THAT(html,
              HasSubstr("aria-label=\"Mel of a, s1/a; time (s) 0 to 3 to the right, mel band 0 to "
                        "80 upward\""));
}

TEST(Report, NeedsNothingFromElsewhere) {
  const std::string html = to_html(small_report());

  for (const char* const reference : {"http:", "https:", "<script", "<link", "url(", "@import"})
    EXPECT_THAT(html, Not(HasSubstr(reference)));
}

TEST(Report, LeavesEmptyPartsOut) {
  Report report;
  report.title = "Nothing";

  EXPECT_THAT(to_html(report), Not(HasSubstr("<section")));
}

TEST(Report, OneSpeakerHasNoTableOfMeans) {
  Report report = small_report();
  report.scores.clips.pop_back();

  EXPECT_THAT(to_html(report), Not(HasSubstr("Means by speaker")));
}

TEST(Report, SaysWhenNoClipWasScored) {
  Report report;
  report.scores = {.metrics = {"stoi"}, .clips = {{"a", {}, "silent"}}, .variants = {}};
  const std::string html = to_html(report);

  EXPECT_THAT(html, HasSubstr("<p>No clip has this score.</p>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"mean\">-</td><td>-</td><td>- to -</td><td>0</td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"text\">silent</td>"));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(Report, RefusesScoresThatAreNotFinite) {
  Report report = small_report();
  report.scores.clips[0].scores["stoi"] = std::numeric_limits<double>::quiet_NaN();

  try {
    to_html(report);
    FAIL() << "showed a NaN";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "s1/a: expected a finite score for stoi, found nan");
  }
}

}  // namespace
}  // namespace lipsound2::eval
