#include "demo_texts.h"

#include <set>

#include <gmock/gmock.h>

#include "support/error_text.h"
#include "support/temporary_folder.h"

namespace lipsound2::corpora::demo {
namespace {

using lipsound2::testing::error_text;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> texts_of(const std::string& bytes) {
  const TemporaryFolder folder;
  folder.write("texts", bytes);
  return read_chinese_texts(folder / "texts");
}

TEST(DemoTexts, AreReadOnceEachWithOrWithoutTheNamesOfClips) {
  EXPECT_THAT(
      texts_of("\xef\xbb\xbf今天\r\n\ns4/20110304/section_4_002.92_004.59 中国 经济\n今天\n"),
      ElementsAre("今天", "中国经济"));
}

TEST(DemoTexts, NameTheLineThatIsNotChinese) {
  EXPECT_THAT(error_text([] { texts_of("今天\n今天1\n"); }),
              AllOf(HasSubstr("texts: line 2: expected a sentence of Chinese characters alone"),
                    HasSubstr("found '今天1'")));
  EXPECT_THAT(error_text([] { texts_of("今天。\n"); }), HasSubstr("line 1"));
  EXPECT_THAT(error_text([] { texts_of("\xbd\xf1\xcc\xec\n"); }), HasSubstr("in UTF-8"));
  EXPECT_THAT(error_text([] { texts_of("\n \n"); }), HasSubstr("one a line, found none"));
}

TEST(DemoTexts, LoseTheirRarestCharactersUntilFewAreLeft) {
  const std::vector<std::string> texts{"天地", "地人", "天人", "人山", "天地人"};

  EXPECT_EQ(of_few_characters(texts, 4), texts);
  EXPECT_THAT(of_few_characters(texts, 3), ElementsAre("天地", "地人", "天人", "天地人"));
  EXPECT_THAT(of_few_characters({"一二", "三四", "一二一"}, 2), ElementsAre("一二", "一二一"));
}

}  // namespace
}  // namespace lipsound2::corpora::demo
