#include "lipsound2/eval/report.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>

#include "lipsound2/core/file.h"

namespace lipsound2::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Report small_report() {
  Report report;
  report.title = "Scores <test> & \"more\"";
  report.facts = {{"checkpoint", "best, step 2000"}};
  report.scores = {.metrics = {"stoi"},
                   .clips = {{"s1/a", {{"stoi", 0.5}}, ""}, {"s1/<b>", {}, "too short & silent"}},
                   .variants = {{"stoi", "Taal et al. 2011"}}};
  report.clips = {{"s1/a", "bin blue", {{"synthesized", {{0.0F, 0.5F}, 16000}}}}};
  report.pictures = {{"mel of s1/a", "\x89PNG"}};
  return report;
}

TEST(Report, ShowsMeansAndClips) {
  const std::string html = to_html(small_report());

  EXPECT_THAT(
      html,
      HasSubstr("<td class=\"mean\">0.5000</td><td>0.5000 to 0.5000</td><td>1</td><td>1</td>"));
  EXPECT_THAT(html, HasSubstr("<td>s1/a</td><td>0.5000</td>"));
  EXPECT_THAT(html, HasSubstr("Taal et al. 2011"));
  EXPECT_THAT(html, HasSubstr("<dt>checkpoint</dt><dd>best, step 2000</dd>"));
}

TEST(Report, EscapesTexts) {
  const std::string html = to_html(small_report());

  EXPECT_THAT(html, HasSubstr("<h1>Scores &lt;test&gt; &amp; &quot;more&quot;</h1>"));
  EXPECT_THAT(html, HasSubstr("<td>s1/&lt;b&gt;</td><td>-</td>"));
  EXPECT_THAT(html, HasSubstr("too short &amp; silent"));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
}

TEST(Report, EmbedsPicturesAndSounds) {
  const std::string html = to_html(small_report());

  // printf '\x89PNG' | base64; every RIFF file starts with UklGR.
  EXPECT_THAT(html, HasSubstr("src=\"data:image/png;base64,iVBORw==\""));
  EXPECT_THAT(html, HasSubstr("src=\"data:audio/wav;base64,UklGR"));
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

}  // namespace
}  // namespace lipsound2::eval
