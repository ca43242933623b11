#include "lipsound2/asr/alphabet.h"

#include <gmock/gmock.h>

#include "lipsound2/asr/word_list.h"
#include "lipsound2/core/error.h"

namespace lipsound2::asr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

TEST(Alphabet, EnglishHas28SymbolsAndTheBlank) {
  const Alphabet english = Alphabet::english();
  EXPECT_EQ(english.size(), 28);
  EXPECT_EQ(english.outputs(), 29);
  EXPECT_EQ(english.blank(), 28);
  EXPECT_EQ(english.space(), 0);
  EXPECT_EQ(english.unit(), TextUnit::kWord);
  EXPECT_THAT(english.encode("  a  z'\t", "x"), ElementsAre(1, 0, 26, 27));
  EXPECT_EQ(english.decode(std::vector<std::int64_t>{0, 1, 0, 0, 26, 27, 0}), "a z'");
}

TEST(Alphabet, MandarinIsMadeOfTheTrainingTexts) {
  const Alphabet mandarin = Alphabet::of_characters({"国 中", "人中"});
  EXPECT_EQ(mandarin.text(), "中人国");
  EXPECT_EQ(mandarin.space(), std::nullopt);
  EXPECT_EQ(mandarin.unit(), TextUnit::kCharacter);
  EXPECT_THAT(mandarin.encode("人 国", "x"), ElementsAre(1, 2));
  EXPECT_EQ(Alphabet::parse(mandarin.text()).text(), mandarin.text());
}

TEST(Alphabet, CountsUnknownCharacters) {
  const Alphabet english = Alphabet::english();
  EXPECT_THAT(english.unknown_characters({"caf\u00E9 2", "\u00E9"}),
              ElementsAre(Pair(U'2', 1), Pair(U'\u00E9', 2)));
}

TEST(AlphabetFault, NamesAllUnknownCharacters) {
  EXPECT_THAT([] { Alphabet::english().check_texts({"caf\u00E9 2", "\u00E9"}, "m.jsonl"); },
              ThrowsMessage<Error>(HasSubstr(
                  "m.jsonl: 2 characters are not in the alphabet of 28 symbols: U+0032 '2' (once), "
                  "U+00E9 '\u00E9' (2 times)")));
  EXPECT_THAT([] { Alphabet(U"aba"); }, ThrowsMessage<Error>(HasSubstr("U+0061 'a'")));
  EXPECT_THAT([] { Alphabet::of_characters({" "}); },
              ThrowsMessage<Error>(HasSubstr("one symbol")));
}

TEST(WordList, FollowsLetters) {
  const Alphabet english = Alphabet::english();
  const WordList words(english, {"at", "a", "bin"}, "w");
  const auto a = words.step(WordList::kRoot, 1);
  EXPECT_TRUE(words.is_word(a));
  EXPECT_TRUE(words.is_word(words.step(a, 20)));
  EXPECT_FALSE(words.is_word(words.step(WordList::kRoot, 2)));
  EXPECT_EQ(words.step(WordList::kRoot, 3), WordList::kNowhere);
  EXPECT_THAT([&] { WordList(english, {"b4"}, "w"); },
              ThrowsMessage<Error>(HasSubstr("'4' (once)")));
  EXPECT_THAT([&] { WordList(english, {"a b"}, "w"); },
              ThrowsMessage<Error>(HasSubstr("single words, found 'a b'")));
}

}  // namespace
}  // namespace lipsound2::asr
