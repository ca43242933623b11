#include "lipsound2/experiment/transcriber.h"

#include <gmock/gmock.h>

namespace lipsound2::experiment {
namespace {

std::vector<asr::LabelSpan> spans_of(const asr::Alphabet& alphabet,
                                     const std::string& text,
                                     std::int64_t frames_per_letter) {
  std::vector<asr::LabelSpan> spans;
  for (const std::int64_t label : alphabet.encode(text, "the test")) {
    const auto first = std::ssize(spans) * frames_per_letter;
    spans.push_back({label, first, first + frames_per_letter - 2});  // a blank between letters
  }
  return spans;
}

TEST(TimedWords, BeginAtTheirFirstLetterAndEndWithTheirLast) {
  const auto english = asr::Alphabet::english();

  const auto words = timed_words(english, spans_of(english, "bin it", 5), 0.02);

  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0].text, "bin");
  EXPECT_DOUBLE_EQ(words[0].begin, 0);
  EXPECT_DOUBLE_EQ(words[0].end, 14 * 0.02);
  EXPECT_EQ(words[1].text, "it");
  EXPECT_DOUBLE_EQ(words[1].begin, 20 * 0.02);
  EXPECT_DOUBLE_EQ(words[1].end, 29 * 0.02);
}

TEST(TimedWords, AreCharactersWhereTheAlphabetHasNoSpace) {
  const auto alphabet = asr::Alphabet::parse("你好");

  const auto words = timed_words(alphabet, spans_of(alphabet, "你好", 3), 0.02);

  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[1].text, "好");
}

TEST(Subtitles, EndAtPausesAndAfterFiveSeconds) {
  const Transcript transcript{
      "", {{"a", 0.5, 1}, {"b", 1.2, 5.4}, {"c", 5.5, 5.6}, {"d", 3661.5, 3662.0625}}, {}};

  EXPECT_EQ(to_srt(transcript, asr::TextUnit::kWord),
            "1\n00:00:00,500 --> 00:00:05,400\na b\n\n"
            "2\n00:00:05,500 --> 00:00:05,600\nc\n\n"
            "3\n01:01:01,500 --> 01:01:02,063\nd\n\n");
  EXPECT_THAT(to_srt(transcript, asr::TextUnit::kCharacter), ::testing::HasSubstr("\nab\n"));
  EXPECT_EQ(to_srt({}, asr::TextUnit::kWord), "");
}

}  // namespace
}  // namespace lipsound2::experiment
