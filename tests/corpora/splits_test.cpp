#include "lipsound2/corpora/splits.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

SourceClip with_id(const std::string& id) {
  SourceClip clip;
  clip.id = id;
  return clip;
}

/// The message that Splits::read() fails with.
std::string splits_error(const std::filesystem::path& folder) {
  try {
    Splits::read(folder);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

TEST(Splits, ByHashNeverChange) {
  // FNV-1a of the id, one step of SplitMix64, modulo 100: below 90 train, below 95 valid; worked
  // out apart from this program with Python 3.11 integers.
  const Splits splits;

  EXPECT_EQ(splits.split_of(with_id("s1/bbaf2n")), "train");
  EXPECT_EQ(splits.split_of(with_id("s20/brbk7n")), "test");
  EXPECT_EQ(splits.split_of(with_id("s1/bbbf8p")), "valid");
  EXPECT_EQ(splits.split_of(with_id("s1/bginzn")), "valid");
  EXPECT_EQ(splits.split_of(with_id("s1/bbifzp")), "test");
}

TEST(Splits, ByHashAreNinetyFiveAndFivePercent) {
  const Splits splits;
  std::map<std::string, int> counts;
  for (int i = 0; i < 10000; ++i)
    ++counts[*splits.split_of(with_id("s1/clip" + std::to_string(i)))];

  // Four standard deviations of a binomial draw: 120 and 87.
  EXPECT_NEAR(counts["train"], 9000, 120);
  EXPECT_NEAR(counts["valid"], 500, 87);
  EXPECT_NEAR(counts["test"], 500, 87);
}

TEST(Splits, AskTheirRuleForClipsThatNoListNames) {
  const Splits::Rule others = [](const SourceClip& clip) {
    return clip.id == "c" ? std::nullopt : std::optional<std::string>("train");
  };
  const Splits splits(others, {{"a", "test"}});

  EXPECT_EQ(splits.split_of(with_id("a")), "test");
  EXPECT_EQ(splits.split_of(with_id("b")), "train");
  EXPECT_EQ(splits.split_of(with_id("c")), std::nullopt);
}

TEST(Splits, FollowTheDistributorWithoutLists) {
  SourceClip clip = with_id("s1/bbaf2n");  // "train" by hash
  clip.split = Split::kTest;

  EXPECT_EQ(Splits().split_of(clip), "test");
}

TEST(Splits, FollowTheLists) {
  const TemporaryFolder lists;
  lists.write("train.txt", "s1/aaaaaa\r\ns1/bbbbbb BIN BLUE\n\n");
  lists.write("valid.txt", "\xef\xbb\xbfs1/cccccc\n");
  lists.write("test.txt", "s1/dddddd");

  const Splits splits = Splits::read(lists.path());

  EXPECT_EQ(splits.split_of(with_id("s1/aaaaaa")), "train");
  EXPECT_EQ(splits.split_of(with_id("s1/bbbbbb")), "train");
  EXPECT_EQ(splits.split_of(with_id("s1/cccccc")), "valid");
  EXPECT_EQ(splits.split_of(with_id("s1/dddddd")), "test");
  EXPECT_EQ(splits.split_of(with_id("s1/eeeeee")), std::nullopt);
}

TEST(Splits, JoinListsOfSeveralNames) {
  const TemporaryFolder lists;
  lists.write("s1_train.txt", "s1/aaaaaa\n");
  lists.write("s2_train.txt", "s2/aaaaaa\n");
  lists.write("s1_valid.txt", "s1/bbbbbb\n");
  lists.write("s1_test.txt", "s1/cccccc\n");

  const Splits splits = Splits::read(lists.path());

  EXPECT_EQ(splits.listed().size(), 4U);
  EXPECT_EQ(splits.split_of(with_id("s2/aaaaaa")), "train");
}

TEST(Splits, ThatOverlapAreRefusedByName) {
  const TemporaryFolder lists;
  lists.write("train.txt", "s1/aaaaaa\ns1/bbbbbb\ns1/cccccc\n");
  lists.write("valid.txt", "s1/bbbbbb\n");
  lists.write("test.txt", "s1/dddddd\ns1/aaaaaa\n");

  EXPECT_THAT(splits_error(lists.path()),
              AllOf(HasSubstr("found 2 ids"),
                    HasSubstr("s1/bbbbbb (train and valid)"),
                    HasSubstr("s1/aaaaaa (train and test)"),
                    Not(HasSubstr("s1/cccccc"))));
}

TEST(Splits, NameTheListThatIsMissing) {
  const TemporaryFolder lists;
  lists.write("train.txt", "s1/aaaaaa\n");
  lists.write("test.txt", "s1/bbbbbb\n");

  EXPECT_THAT(splits_error(lists.path()),
              AllOf(HasSubstr(lists.path().string()), HasSubstr("valid.txt"), HasSubstr("none")));
}

TEST(Splits, NameTheListThatIsEmpty) {
  const TemporaryFolder lists;
  lists.write("train.txt", "s1/aaaaaa\n");
  lists.write("valid.txt", "\n");
  lists.write("test.txt", "s1/bbbbbb\n");

  EXPECT_THAT(splits_error(lists.path()), AllOf(HasSubstr("valid.txt"), HasSubstr("empty")));
}

TEST(Splits, NameTheFolderThatIsMissing) {
  EXPECT_THAT(splits_error("/nowhere/splits"), HasSubstr("/nowhere/splits: expected a folder"));
}

}  // namespace
}  // namespace lipsound2::corpora
