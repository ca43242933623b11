#include "lipsound2/eval/text_normalization.h"

#include <cstdint>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/utf8.h"

namespace lipsound2::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void expect_broken(const std::string& text, const std::string& message) {
  try {
    decode_utf8(text);
    FAIL() << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Utf8, ComesBackFromCodePoints) {
  const std::string text = "aé€語\U0001F600";

  const std::u32string codes = decode_utf8(text);

  EXPECT_EQ(codes, U"aé€語\U0001F600");
  EXPECT_EQ(encode_utf8(codes), text);
}

TEST(Utf8, AcceptsTheBordersOfEachLength) {
  const std::u32string codes =
      U"\u0001\u007F\u0080\u07FF\u0800\uD7FF\uE000\uFFFF\U00010000\U0010FFFF";

  EXPECT_EQ(decode_utf8(encode_utf8(codes)), codes);
}

TEST(Utf8, NamesTheFirstByteThatIsWrong) {
  expect_broken("ab\x80", "found byte 0x80 at byte 2");
  expect_broken("a\xFF", "found byte 0xFF at byte 1");
  expect_broken("a\xC3(", "found byte 0x28 at byte 2");
  expect_broken("\xE8\xAA(", "found byte 0x28 at byte 2");
}

TEST(Utf8, RefusesACutCharacter) {
  expect_broken("ab\xE8\xAA", "found its end inside a character at byte 4");
  expect_broken("\xC3", "found its end inside a character at byte 1");
}

TEST(Utf8, RefusesOverlongForms) {
  expect_broken("\xC0\x80", "found byte 0xC0 at byte 0");
  expect_broken("\xC1\xBF", "found byte 0xC1 at byte 0");
  expect_broken("\xE0\x9F\xBF", "found byte 0x9F at byte 1");
  expect_broken("\xF0\x8F\xBF\xBF", "found byte 0x8F at byte 1");
}

TEST(Utf8, RefusesSurrogatesAndWhatLiesAboveUnicode) {
  expect_broken("\xED\xA0\x80", "found byte 0xA0 at byte 1");
  expect_broken("\xF4\x90\x80\x80", "found byte 0x90 at byte 1");
  expect_broken("\xF5\x80\x80\x80", "found byte 0xF5 at byte 0");
}

// str.lower() of Python 3.11 (Unicode 14.0), printed by
// scripts/reference/make_text_errors_reference.py.
TEST(LowerCase, AgreesWithPythonOnWholeBlocks) {
  constexpr char32_t kBlocks[][2] = {{0, 0x17F},
                                     {0x1A0, 0x1A5},
                                     {0x1C4, 0x1F5},
                                     {0x1F8, 0x21F},
                                     {0x222, 0x233},
                                     {0x386, 0x3CE},
                                     {0x400, 0x556},
                                     {0x1E00, 0x1EFF},
                                     {0x3000, 0x30FF},
                                     {0xFF00, 0xFFEF}};
  int changes = 0;
  std::int64_t sum = 0;
  for (const auto& [first, last] : kBlocks)
    for (char32_t code = first; code <= last; ++code) {
      changes += lower_case(code) != code;
      sum += lower_case(code);
    }

  EXPECT_EQ(changes, 546);
  EXPECT_EQ(sum, 21482468);
}

TEST(NormalizeText, MakesLettersLowerCase) {
  EXPECT_EQ(normalize_text("BIN Blue ÄÖÜ ÉÇÑ ŁÓDŹ ΑΘΉΝΑ МОСКВА Ș"),
            "bin blue äöü éçñ łódź αθήνα москва ș");
}

TEST(NormalizeText, KeepsApostrophesInsideWordsOnly) {
  EXPECT_EQ(normalize_text("Don't stop, l’été! 'quoted' dogs' 'tis"),
            "don't stop l'été quoted dogs tis");
  EXPECT_EQ(normalize_text("a''b ' '"), "a b");
}

TEST(NormalizeText, SeparatesWordsAtPunctuation) {
  EXPECT_EQ(normalize_text("Well-known: yes,no... \"so\" (it) is; 3.5%?"),
            "well known yes no so it is 3 5");
  EXPECT_EQ(normalize_text("«Où» — dit-il… “là”"), "où dit il là");
}

TEST(NormalizeText, RemovesChinesePunctuation) {
  EXPECT_EQ(normalize_text("你好，世界。《书》、「是」！"), "你好 世界 书 是");
}

TEST(NormalizeText, CollapsesWhiteSpace) {
  EXPECT_EQ(normalize_text(" \t a\u00A0\u3000b\r\n\u2003 c \n"), "a b c");
  EXPECT_EQ(normalize_text("\uFEFFbin soft\u00ADly\u200B"), "bin softly");
}

TEST(NormalizeText, ChangesNothingTheSecondTime) {
  const std::string once = normalize_text("Mr. O’Neill's  co-op, “Émile” 你好！");

  EXPECT_EQ(once, "mr o'neill's co op émile 你好");
  EXPECT_EQ(normalize_text(once), once);
}

TEST(NormalizedWords, AreWhatWhiteSpaceSeparates) {
  EXPECT_THAT(normalized_words(" Place RED, at 你好  吗? "),
              ElementsAre("place", "red", "at", "你好", "吗"));
  EXPECT_THAT(normalized_words(" ... "), IsEmpty());
}

TEST(NormalizedCharacters, LeaveWhiteSpaceOut) {
  EXPECT_THAT(normalized_characters("É a, 你好!"), ElementsAre("é", "a", "你", "好"));
  EXPECT_THAT(normalized_characters(""), IsEmpty());
}

}  // namespace
}  // namespace lipsound2::eval
