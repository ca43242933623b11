#include <gmock/gmock.h>

#include "prepare_case.h"
#include "prepare_plan.h"
#include "support/error_text.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::error_text;
using lipsound2::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void write_lists(const TemporaryFolder& folder) {
  folder.write("lists/train.txt", "s1/bbaf2n\ns1/bbaf9n\n");
  folder.write("lists/valid.txt", "s1/bbaf3s\n");
  folder.write("lists/test.txt", "s2/swwp2s\n");
}

TEST(Plan, SharesClipsOutToShardsInOrder) {
  const TemporaryFolder folder;
  for (const char* name : {"s1/bbaf1n", "s1/bbaf2n", "s1/bbaf3n", "s2/bbaf1n", "s2/bbaf2n"})
    folder.write("grid/" + std::string(name) + ".mpg", "x");
  PrepareConfig config = config_of(folder);
  config.shard_clips = 2;

  const Plan plan = make_plan(config);

  ASSERT_EQ(plan.shards(), 3);
  EXPECT_EQ(plan.clips_of(0), (std::pair<std::size_t, std::size_t>(0, 2)));
  EXPECT_EQ(plan.clips_of(2), (std::pair<std::size_t, std::size_t>(4, 5)));
  EXPECT_EQ(plan.clips[4].source.id, "s2/bbaf2n");
}

TEST(Plan, LeavesOutWhatNoListNamesAndReportsWhatIsMissing) {
  const TemporaryFolder folder;
  write_lists(folder);
  for (const char* name : {"s1/bbaf2n", "s1/bbaf3s", "s1/lgbb2n", "s2/swwp2s"})
    folder.write("grid/" + std::string(name) + ".mpg", "x");
  PrepareConfig config = config_of(folder);
  config.splits = folder.path() / "lists";

  const Plan plan = make_plan(config);

  EXPECT_EQ(plan.clips.size(), 3U);
  EXPECT_EQ(plan.clips[1].split, "valid");
  EXPECT_EQ(plan.left_out, 1);
  EXPECT_THAT(plan.missing, ElementsAre("s1/bbaf9n"));
}

TEST(Plan, DoesNotMissListedClipsOfUnwantedSpeakers) {
  const TemporaryFolder folder;
  write_lists(folder);
  for (const char* name : {"s1/bbaf2n", "s2/swwp2s"})
    folder.write("grid/" + std::string(name) + ".mpg", "x");
  PrepareConfig config = config_of(folder);
  config.splits = folder.path() / "lists";
  config.speakers = {"s2"};

  EXPECT_THAT(make_plan(config).missing, IsEmpty());
}

TEST(Plan, RefusesListsThatFitNoClip) {
  const TemporaryFolder folder;
  write_lists(folder);
  folder.write("grid/s3/bbaf2n.mpg", "x");
  PrepareConfig config = config_of(folder);
  config.splits = folder.path() / "lists";

  EXPECT_THAT(
      error_text([&] { make_plan(config); }),
      HasSubstr("found 1 clip there, such as s3/bbaf2n, and none of them listed, but such as "
                "s1/bbaf2n"));
}

TEST(Plan, StopsAtALinkToNowhere) {
  const TemporaryFolder folder;
  folder.write("grid/s1/bbaf2n.mpg", "x");
  std::filesystem::create_symlink("nowhere", folder.path() / "grid/s1/bbaf3n.mpg");

  EXPECT_THAT(error_text([&] { make_plan(config_of(folder)); }, ErrorKind::kIo),
              HasSubstr("s1/bbaf3n.mpg: cannot read: No such file or directory"));
}

TEST(Plan, ComparesPublishedSplitsWithTheirCounts) {
  const TemporaryFolder folder;
  for (const char* name : {"s1/bbaf2n", "s1/bbaf3s", "s2/swwp2s", "s3/swwp2s"})
    folder.write("grid/" + std::string(name) + ".mpg", "x");
  PrepareConfig config = config_of(folder);
  config.splits = "four";

  const Plan plan = make_plan(config);

  EXPECT_EQ(plan.left_out, 1);
  EXPECT_EQ(plan.missing.size(),
            398U);  // of 399 named for testing and validation s1/bbaf2n is here
  EXPECT_THAT(plan.remarks,
              ElementsAre("split four: 2 clips for training, published are 3586",
                          "split four: 0 clips for validation, published are 199",
                          "split four: 1 clip for testing, published are 200"));
  config.splits = "overlapped";
  EXPECT_THAT(make_plan(config).remarks,
              ElementsAre(HasSubstr("clips for training and validation, published are 24455"),
                          HasSubstr("clips for testing, published are 8415")));
  config.speakers = {"s1"};
  EXPECT_THAT(make_plan(config).remarks, IsEmpty());
}

TEST(Plan, TakesTheFirstClipsUpToTheLimit) {
  const TemporaryFolder folder;
  for (const char* name : {"s1/bbaf1n", "s1/bbaf2n", "s1/bbaf3n"})
    folder.write("grid/" + std::string(name) + ".mpg", "x");
  PrepareConfig config = config_of(folder);
  config.limit = 2;

  const Plan plan = make_plan(config);

  ASSERT_EQ(plan.clips.size(), 2U);
  EXPECT_EQ(plan.clips[1].source.id, "s1/bbaf2n");
  EXPECT_EQ(plan.left_out, 0);
}

TEST(Plan, ChangesWithAVideoOfAnotherSize) {
  const TemporaryFolder folder;
  folder.write("grid/s1/bbaf2n.mpg", "x");
  const PrepareConfig config = config_of(folder);
  const auto before = plan_lines(make_plan(config), config);
  folder.write("grid/s1/bbaf2n.mpg", "longer");

  const auto changes = config::differences(before, plan_lines(make_plan(config), config));

  EXPECT_THAT(changes, ElementsAre(HasSubstr("clips_hash")));
}

TEST(Plan, DoesNotDependOnTheNumberOfJobs) {
  const TemporaryFolder folder;
  folder.write("grid/s1/bbaf2n.mpg", "x");
  PrepareConfig config = config_of(folder);
  const auto before = plan_lines(make_plan(config), config);
  config.jobs = 8;

  EXPECT_THAT(config::differences(before, plan_lines(make_plan(config), config)), IsEmpty());
}

}  // namespace
}  // namespace lipsound2::corpora
