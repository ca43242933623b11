#include "demo_sentence.h"

#include <set>

#include <gmock/gmock.h>

namespace lipsound2::corpora::demo {
namespace {

using ::testing::ElementsAre;

TEST(DemoSentence, SpeaksTheWordsOfItsId) {
  // 0 is the first of every kind; the radices are 4, 4, 4, 25, 10, 4, the command's first.
  EXPECT_EQ(make_sentence(0).id, "bbaa1a");
  EXPECT_THAT(make_sentence(0).words, ElementsAre("bin", "blue", "at", "a", "one", "again"));
  EXPECT_EQ(make_sentence(kSentences - 1).id, "swwzzs");
  EXPECT_THAT(make_sentence(kSentences - 1).words,
              ElementsAre("set", "white", "with", "z", "zero", "soon"));
}

TEST(DemoSentence, HasADifferentIdForEveryNumberAndNeverTheLetterW) {
  std::set<std::string> ids;
  for (std::int64_t i = 0; i < kSentences; ++i) {
    const Sentence sentence = make_sentence(i);
    ids.insert(sentence.id);
    ASSERT_EQ(sentence.id.size(), 6U);
    ASSERT_NE(sentence.id[3], 'w');
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kSentences));
}

TEST(DemoSentence, DrawsDifferentSentencesInAnOrderOfTheSeed) {
  const auto ids = [](std::uint64_t seed) {
    std::vector<std::string> result;
    for (const Sentence& sentence : draw_sentences(1000, seed))
      result.push_back(sentence.id);
    return result;
  };
  const std::vector<std::string> drawn = ids(3);

  EXPECT_EQ(std::set<std::string>(drawn.begin(), drawn.end()).size(), 1000U);
  EXPECT_EQ(drawn, ids(3));
  EXPECT_NE(drawn, ids(4));
}

}  // namespace
}  // namespace lipsound2::corpora::demo
