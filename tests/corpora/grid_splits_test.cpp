#include <map>
#include <set>

#include <gmock/gmock.h>

#include "grid.h"
#include "published_list.h"
#include "real_clip.h"
#include "support/error_text.h"
#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::error_text;
using lipsound2::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using SplitIds = std::map<std::string, std::set<std::string>>;  ///< ids by split

SourceClip grid_clip_called(const std::string& id) {
  SourceClip clip;
  clip.id = id;
  clip.speaker = id.substr(0, id.find('/'));
  return clip;
}

/// What a split makes of clips.
SplitIds shared_out(const Splits& splits, const std::vector<std::string>& ids) {
  SplitIds shared;
  for (const std::string& id : ids)
    if (const auto split = splits.split_of(grid_clip_called(id)))
      shared[*split].insert(id);
  return shared;
}

/// Any folder will do: the splits come from lists.
class GridSplits : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  GridReader grid_{{.root = folder_.path(), .speakers = {}}};
};

TEST_F(GridSplits, GoByTalkers) {
  std::vector<std::string> ids;
  for (int talker = 1; talker <= 34; ++talker)
    if (talker != 21)
      for (const char* name : {"bbaf2n", "lrae3s", "swwp2s"})
        ids.push_back(fmt::format("s{}/{}", talker, name));

  SplitIds unseen = shared_out(grid_.splits("unseen"), ids);
  SplitIds lipnet = shared_out(grid_.splits("unseen-lipnet"), ids);

  EXPECT_THAT(grid_.split_names(), ElementsAre("four", "overlapped", "unseen", "unseen-lipnet"));
  EXPECT_EQ(unseen["train"].size(), 16U * 3);
  EXPECT_EQ(unseen["valid"].size(), 7U * 3);
  EXPECT_EQ(unseen["test"].size(), 10U * 3);
  EXPECT_EQ(lipnet["test"].size(), 4U * 3);
  EXPECT_EQ(lipnet["train"].size() + lipnet["valid"].size(), 29U * 3);
  EXPECT_THAT(error_text([&] { grid_.splits("five"); }, ErrorKind::kUsage),
              HasSubstr("one of four, overlapped, unseen, unseen-lipnet, found five"));
}

TEST_F(GridSplits, HaveListsOfThePublishedSize) {
  std::size_t test = 0;
  std::size_t left_out = 0;
  for (const PublishedSpeaker& talker : read_published_list("grid/talkers")) {
    EXPECT_EQ(talker.test.size(), 255U) << talker.speaker;
    test += talker.test.size();
    left_out += talker.left_out.size();
  }
  EXPECT_EQ(test, 8415U);
  EXPECT_EQ(33'000 - left_out, 24455U + 8415);
  const auto four = read_published_list("grid/four");
  ASSERT_EQ(four.size(), 4U);
  // Trained on are 890, 897, 899 and 900 clips of s1, s2, s4 and s29.
  for (const auto& [talker, trained] :
       std::map<std::size_t, std::size_t>{{0, 890}, {1, 897}, {2, 899}, {3, 900}})
    EXPECT_EQ(
        1000 - four[talker].valid.size() - four[talker].test.size() - four[talker].left_out.size(),
        trained);
}

TEST_F(GridSplits, ArePublishedWithTheirCounts) {
  const SplitCounts four = grid_.published_counts("four").value();

  EXPECT_EQ(four.train + four.valid + four.test, 3985);
  // The 16, 7 and 10 talkers of data/unseen_splits.txt of VCA-GAN, 525921 bytes long.
  const SplitCounts unseen = grid_.published_counts("unseen").value();
  EXPECT_EQ(unseen.train + unseen.valid + unseen.test, 32870);
  EXPECT_FALSE(grid_.published_counts("").has_value());
}

/// The clips of the published lists, all of them.
class GridSplitsReference : public GridSplits {
 protected:
  void SetUp() override {
    if (!real_data())
      GTEST_SKIP() << "LIPSOUND2_DATA is not set";
    for (const char* part : {"train", "test"})
      for (const auto& [id, text] : label_lines(std::string("GRID_overlapped_") + part)) {
        ids_.push_back(id);
        overlapped_[part].insert(id);
      }
  }

  std::vector<std::string> ids_;
  SplitIds overlapped_;
};

TEST_F(GridSplitsReference, TestOnTheClipsOfTheOverlappedList) {
  SplitIds shared = shared_out(grid_.splits("overlapped"), ids_);

  EXPECT_EQ(shared["test"], overlapped_["test"]);
  EXPECT_NEAR(static_cast<double>(shared["valid"].size()), 24455 / 20.0, 140);  // four deviations
  shared["train"].merge(shared["valid"]);
  EXPECT_EQ(shared["train"], overlapped_["train"]);
}

TEST_F(GridSplitsReference, TestOnTheTalkersOfTheUnseenList) {
  SplitIds shared = shared_out(grid_.splits("unseen-lipnet"), ids_);

  EXPECT_EQ(shared["test"].size(), 4000U);
  EXPECT_EQ(shared["train"].size() + shared["valid"].size(), 28870U);
}

TEST_F(GridSplitsReference, TrainOnSixteenTalkersAsPublished) {
  SplitIds shared = shared_out(grid_.splits("unseen"), ids_);

  EXPECT_EQ(shared["train"].size(), 15888U);
  EXPECT_EQ(shared["valid"].size(), 7000U);
  EXPECT_EQ(shared["test"].size(), 9982U);
  // As lines "train/s1/bbaf2n" they are as long as the published list.
  std::size_t bytes = 0;
  for (const auto& [split, ids] : shared)
    for (const std::string& id : ids)
      bytes += (split == "train" ? 5 : split == "valid" ? 3 : 4) + 1 + id.size() + 1;
  EXPECT_EQ(bytes, 525921U);
}

TEST_F(GridSplitsReference, ShareOutFourTalkersAsPublished) {
  SplitIds shared = shared_out(grid_.splits("four"), ids_);

  EXPECT_EQ(shared["train"].size(), 3586U);
  EXPECT_EQ(shared["valid"].size(), 199U);
  EXPECT_EQ(shared["test"].size(), 200U);
}

}  // namespace
}  // namespace lipsound2::corpora
