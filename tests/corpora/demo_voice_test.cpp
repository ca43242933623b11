#include "demo_voice.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <unistd.h>

#include "lipsound2/core/error.h"

#include "demo_child.h"
#include "demo_mouth.h"
#include "demo_person.h"

namespace lipsound2::corpora::demo {
namespace {

using ::testing::HasSubstr;

TEST(DemoVoice, ReportsSixWordsWithPhonemesInside) {
  const Utterance speech = speak({.name = "en-us+f2"}, make_sentence(0));

  ASSERT_EQ(speech.words.size(), 6U);
  EXPECT_EQ(speech.words[3].text, "a");
  for (const SpokenWord& word : speech.words) {
    EXPECT_LT(word.begin, word.end) << word.text;
    bool sounded = false;
    for (const Phoneme& phoneme : speech.phonemes)
      sounded = sounded || (phoneme.begin >= word.begin && phoneme.begin < word.end);
    EXPECT_TRUE(sounded) << word.text;
  }
  EXPECT_NEAR(speech.words.back().end, speech.sound.seconds(), 0.001);
}

TEST(DemoVoice, SpeaksTheLetterAAsItsName) {
  const Utterance speech = speak({.name = "en"}, make_sentence(0));

  std::string spoken;
  for (const Phoneme& phoneme : speech.phonemes)
    if (phoneme.begin >= speech.words[3].begin && phoneme.begin < speech.words[3].end)
      spoken += phoneme.name;
  EXPECT_EQ(spoken, "eI");
}

TEST(DemoVoice, GivesEqualSamplesWhateverWasSpokenBefore) {
  const VoiceStyle style{.name = "en-us+m3"};
  const Utterance first = speak(style, make_sentence(17));
  speak({.name = "en+f4", .pitch = 80, .words_per_minute = 200}, make_sentence(4321));

  EXPECT_EQ(speak(style, make_sentence(17)).sound.samples, first.sound.samples);
}

TEST(DemoVoice, NamesAVoiceThatIsMissing) {
  try {
    speak({.name = "klingon-b"}, make_sentence(0));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("found 'klingon-b'"));
  }
}

TEST(DemoVoice, HasAMouthTargetForEveryPhonemeOfEveryWord) {
  constexpr std::int64_t kLetterStep = 4 * 4 * 4;  // commands x colors x prepositions
  constexpr std::int64_t kDigitStep = 25 * kLetterStep;
  constexpr std::int64_t kAdverbStep = 10 * kDigitStep;
  for (const char* voice : {"en-us+f2", "en+m1", "en-gb-x-rp+f1"})
    for (std::int64_t i = 0; i < 25; ++i) {
      const std::int64_t index =
          i * 21 % kLetterStep + i * kLetterStep + i % 10 * kDigitStep + i % 4 * kAdverbStep;
      for (const Phoneme& phoneme : speak({.name = voice}, make_sentence(index)).phonemes)
        EXPECT_TRUE(has_mouth_target(phoneme.name)) << voice << " " << phoneme.name;
    }
}

TEST(DemoVoice, SpeaksMandarinCharacterByCharacterWithAMouthTargetForEach) {
  const Sentence sentence{.id = "news",
                          .words = {"却", "被", "人", "们", "铭", "记", "的", "儿", "女"},
                          .spoken = "却被人们铭记的儿女"};
  const Utterance speech = speak({.name = "cmn-latn-pinyin+f2"}, sentence);

  ASSERT_EQ(speech.words.size(), 9U);
  EXPECT_EQ(speech.words[4].text, "铭");
  std::string syllable;
  for (const Phoneme& phoneme : speech.phonemes) {
    EXPECT_TRUE(has_mouth_target(phoneme.name)) << phoneme.name;
    if (phoneme.begin >= speech.words[4].begin && phoneme.end <= speech.words[4].end)
      syllable += phoneme.name;
  }
  EXPECT_EQ(syllable, "_|miN");
}

TEST(DemoVoice, IsPlacedInAQuietRoomWithAllItsTimes) {
  const Utterance speech = speak({.name = "en"}, make_sentence(5));
  const Utterance placed = place_in_room(speech, 0.5, 3.0, /*seed=*/1);

  EXPECT_EQ(placed.sound.samples.size(), static_cast<std::size_t>(3 * placed.sound.rate));
  EXPECT_DOUBLE_EQ(placed.words[0].begin, speech.words[0].begin + 0.5);
  EXPECT_DOUBLE_EQ(placed.phonemes[2].end, speech.phonemes[2].end + 0.5);
  double silence = 0;
  for (int i = 0; i < placed.sound.rate / 2; ++i)
    silence = std::max(silence, std::abs(static_cast<double>(placed.sound.samples[i])));
  EXPECT_GT(silence, 0);
  EXPECT_LT(silence, 0.01);
}

TEST(DemoChild, BringsBackErrorsAndSurvivesDeath) {
  EXPECT_EQ(run_in_child("echo", [] { return std::string("a\0b", 3); }), std::string("a\0b", 3));
  EXPECT_THROW(
      {
        try {
          run_in_child("sum", []() -> std::string { fail(ErrorKind::kNumeric, "no {}", "sum"); });
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
          EXPECT_STREQ(error.what(), "no sum");
          throw;
        }
      },
      Error);
  EXPECT_THROW(run_in_child("crash", []() -> std::string { ::_exit(7); }), Error);
}

}  // namespace
}  // namespace lipsound2::corpora::demo
