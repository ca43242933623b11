#include "lipsound2/eval/text_errors.h"

#include <cstdint>
#include <string>

#include <gmock/gmock.h>

#include "support/misheard_texts.h"

namespace lipsound2::eval {
namespace {

using support::misheard_texts;

using Scorer = ErrorCounts (*)(std::string_view, std::string_view, AlignmentRule);

std::vector<ErrorCounts> random_scores(Scorer score, AlignmentRule rule) {
  std::vector<ErrorCounts> scores;
  for (const auto& [reference, hypothesis] : misheard_texts())
    scores.push_back(score(reference, hypothesis, rule));
  return scores;
}

/// FNV-1a, 64 bits, over the counts of each clip, each as one byte.
std::uint64_t checksum(const std::vector<ErrorCounts>& scores) {
  std::uint64_t value = 0xCBF29CE484222325;
  for (const auto& clip : scores)
    for (const std::size_t count : {clip.hits, clip.substitutions, clip.deletions, clip.insertions})
      value = (value ^ count) * 0x100000001B3;
  return value;
}

void expect_random_scores(Scorer score, AlignmentRule rule, ErrorCounts total, std::uint64_t sum) {
  const auto scores = random_scores(score, rule);

  EXPECT_EQ(corpus_errors(scores).total, total);
  EXPECT_EQ(checksum(scores), sum);
}

// The expected numbers are those of jiwer 4.0.0 with rapidfuzz 3.14.6 and of sclite 2.10
// (SCTK 1.3), printed by scripts/reference/make_text_errors_reference.py. The checksums are over
// the counts of each of 3000 clips.
TEST(WordErrorsReference, AgreeWithJiwerOnEveryClip) {
  expect_random_scores(
      word_errors, AlignmentRule::kFewestErrors, {11531, 4141, 5356, 5134}, 0x0E1BD79A369F6CB5);
}

TEST(WordErrorsReference, AgreeWithScliteOnEveryClip) {
  expect_random_scores(
      word_errors, AlignmentRule::kSclite, {11822, 3549, 5657, 5435}, 0x8646243CF7FB29FA);
}

TEST(CharacterErrorsReference, AgreeWithJiwerOnEveryClip) {
  expect_random_scores(character_errors,
                       AlignmentRule::kFewestErrors,
                       {42054, 9398, 18230, 17739},
                       0x9153850DEF25974C);
}

TEST(CharacterErrorsReference, AgreeWithScliteOnEveryClip) {
  expect_random_scores(
      character_errors, AlignmentRule::kSclite, {42646, 8088, 18948, 18457}, 0x9B8B0B4A6715A7D2);
}

TEST(CorpusErrorsReference, AgreeWithJiwer) {
  const auto words = corpus_errors(random_scores(word_errors, AlignmentRule::kFewestErrors));
  const auto characters =
      corpus_errors(random_scores(character_errors, AlignmentRule::kFewestErrors));

  EXPECT_NEAR(words.rate.value(), 0.695786570287, 1e-11);
  EXPECT_NEAR(characters.rate.value(), 0.651057661950, 1e-11);
  EXPECT_EQ(words.clips_with_reference, 2804U);
  EXPECT_NEAR(words.mean_of_clips.value(), 0.938070315522, 1e-11);
}

struct Handmade {
  const char* reference;
  const char* hypothesis;
  ErrorCounts jiwer_words;
  ErrorCounts jiwer_characters;
  ErrorCounts sclite_words;
  ErrorCounts sclite_characters;
};

const Handmade kHandmade[] = {
    {"", "", {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}},
    {"", "bin blue", {0, 0, 0, 2}, {0, 0, 0, 7}, {0, 0, 0, 2}, {0, 0, 0, 7}},
    {"bin blue", "", {0, 0, 2, 0}, {0, 0, 7, 0}, {0, 0, 2, 0}, {0, 0, 7, 0}},
    {"bin blue at f two now",
     "bin blue at f two now",
     {6, 0, 0, 0},
     {16, 0, 0, 0},
     {6, 0, 0, 0},
     {16, 0, 0, 0}},
    {"bin blue at f two now",
     "bin at f too now please",
     {4, 1, 1, 1},
     {11, 1, 4, 6},
     {4, 1, 1, 1},
     {11, 1, 4, 6}},
    {"don't stop", "dont stop", {1, 1, 0, 0}, {8, 0, 1, 0}, {1, 1, 0, 0}, {8, 0, 1, 0}},
    {"a b c", "b c d", {2, 0, 1, 1}, {2, 0, 1, 1}, {2, 0, 1, 1}, {2, 0, 1, 1}},
    {"a b c d", "d c b a", {1, 2, 1, 1}, {1, 2, 1, 1}, {1, 2, 1, 1}, {1, 2, 1, 1}},
    {"a b a b", "b a b a", {3, 0, 1, 1}, {3, 0, 1, 1}, {3, 0, 1, 1}, {3, 0, 1, 1}},
    {"x y z", "a x b", {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}},
    {"今天 天气 很 好", "今天 天气 好", {3, 0, 1, 0}, {5, 0, 1, 0}, {3, 0, 1, 0}, {5, 0, 1, 0}},
    {"今天天气很好", "今天天汽很好吗", {0, 1, 0, 0}, {5, 1, 0, 1}, {0, 1, 0, 0}, {5, 1, 0, 1}},
    {"il était une fois",
     "il etait une fois",
     {3, 1, 0, 0},
     {13, 1, 0, 0},
     {3, 1, 0, 0},
     {13, 1, 0, 0}},
    {"a", "b c d e f", {0, 1, 0, 4}, {0, 1, 0, 4}, {0, 1, 0, 4}, {0, 1, 0, 4}},
    {"a b c d e f", "z", {0, 1, 5, 0}, {0, 1, 5, 0}, {0, 1, 5, 0}, {0, 1, 5, 0}},
    {"the cat sat on the mat",
     "on the mat the cat sat",
     {3, 0, 3, 3},
     {8, 7, 2, 2},
     {3, 0, 3, 3},
     {10, 2, 5, 5}},
};

TEST(TextErrorsReference, AgreeOnHandmadeClips) {
  for (const auto& clip : kHandmade) {
    const std::string title = std::string(clip.reference) + " | " + clip.hypothesis;
    const auto score = [&clip](Scorer scorer, AlignmentRule rule) {
      return scorer(clip.reference, clip.hypothesis, rule);
    };
    EXPECT_EQ(score(word_errors, AlignmentRule::kFewestErrors), clip.jiwer_words) << title;
    EXPECT_EQ(score(character_errors, AlignmentRule::kFewestErrors), clip.jiwer_characters)
        << title;
    EXPECT_EQ(score(word_errors, AlignmentRule::kSclite), clip.sclite_words) << title;
    EXPECT_EQ(score(character_errors, AlignmentRule::kSclite), clip.sclite_characters) << title;
  }
}

TEST(TextErrorsReference, AgreeOnAClipOf2795Words) {
  const auto cases = misheard_texts();
  support::TextPair all;
  for (std::size_t i = 0; i < 400; ++i) {
    all.reference += cases[i].reference + ' ';
    all.hypothesis += cases[i].hypothesis + ' ';
  }

  EXPECT_EQ(word_errors(all.reference, all.hypothesis), (ErrorCounts{1576, 784, 435, 295}));
}

TEST(WordErrors, DoNotCountCaseAndPunctuation) {
  const auto counts = word_errors("Don’t STOP, Émile!", "don't stop émile");

  EXPECT_EQ(counts, (ErrorCounts{.hits = 3}));
}

TEST(CharacterErrors, DoNotCountWhiteSpace) {
  EXPECT_EQ(character_errors("今天 天气很好。", "今天天 气很好"), (ErrorCounts{.hits = 6}));
}

TEST(ErrorCounts, HaveNoRateWithoutReference) {
  const auto counts = word_errors("...", "two words");

  EXPECT_EQ(counts.insertions, 2U);
  EXPECT_FALSE(counts.rate());
}

TEST(ErrorCounts, HaveARateAboveOneWithManyInsertions) {
  EXPECT_DOUBLE_EQ(word_errors("a", "b c d").rate().value(), 3);
}

TEST(CorpusErrors, CountInsertionsOfClipsWithoutReference) {
  const auto corpus = corpus_errors({word_errors("a b", "a c"), word_errors("", "x")});

  EXPECT_DOUBLE_EQ(corpus.rate.value(), 1.0);
  EXPECT_DOUBLE_EQ(corpus.mean_of_clips.value(), 0.5);
  EXPECT_EQ(corpus.clips_with_reference, 1U);
}

TEST(CorpusErrors, HaveNoRateWithoutAnyReference) {
  const auto corpus = corpus_errors({word_errors("", "x")});

  EXPECT_FALSE(corpus.rate);
  EXPECT_FALSE(corpus.mean_of_clips);
  EXPECT_EQ(corpus.total.insertions, 1U);
}

}  // namespace
}  // namespace lipsound2::eval
