#include "lipsound2/corpora/prepare.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "lipsound2/data/jpeg.h"
#include "lipsound2/data/shard.h"

#include "prepare_case.h"
#include "prepare_folder.h"
#include "support/error_text.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;
using lipsound2::testing::error_text;
using lipsound2::testing::files_below;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Prepare, NamesTheCorporaItKnows) {
  PrepareConfig config;
  config.corpus = "gird";

  EXPECT_THAT(error_text([&] { prepare(config); }, ErrorKind::kUsage),
              AllOf(HasSubstr("gird"), HasSubstr("one of: grid")));
}

TEST(Prepare, KeepsTheRejectsOfACorpusWithoutAGoodClip) {
  const TemporaryFolder folder;
  folder.write("grid/s1/bbaf2n.mpg", "this is no movie at all, only a text\n");
  folder.write("grid/s1/bbaf3s.mpg", "");
  folder.write("grid/s1/holiday.mpg", "x");
  const PrepareConfig config = config_of(folder);

  const PrepareReport report = prepare(config);

  EXPECT_EQ(report.census.rejected(), 3);
  const auto rejects = read_rejects(config.out / "rejects.jsonl");
  ASSERT_EQ(rejects.size(), 3U);
  EXPECT_EQ(rejects[0].id, "s1/bbaf2n");
  EXPECT_EQ(rejects[0].file, (config.root / "s1/bbaf2n.mpg").string());
  EXPECT_THAT(rejects[0].reason, AllOf(Not(IsEmpty()), Not(HasSubstr("bbaf2n.mpg: "))));
  EXPECT_THAT(rejects[1].reason, Not(IsEmpty()));
  EXPECT_THAT(rejects[2].reason, HasSubstr("holiday.mpg"));
  EXPECT_FALSE(fs::exists(config.out / "manifest.jsonl"));
  EXPECT_THAT(error_text([&] { require_few_rejects(report, 1); }),
              HasSubstr("found 3 of 3, 100 %"));
}

TEST(Prepare, AllowsAShareOfRejects) {
  PrepareReport report;
  report.census.splits["train"].clips = 95;
  report.census.rejects["no face"] = 5;

  EXPECT_NO_THROW(require_few_rejects(report, 0.05));
  EXPECT_THAT(error_text([&] { require_few_rejects(report, 0.04); }),
              HasSubstr("expected at most 4 % of the clips to be rejected (--max-bad), found 5 of "
                        "100, 5 %"));
}

/// Six real clips of s1, one of s2, and beside them a text, an empty file and a cut clip.
class PrepareEndToEnd : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("LIPSOUND2_DATA");
    if (!data)
      GTEST_SKIP() << "LIPSOUND2_DATA is not set";
    const fs::path grid = fs::path(data) / "grid";
    for (const char* name : {"s1/bbaf2n",
                             "s1/bbaf3s",
                             "s1/bbal6n",
                             "s1/bbal8p",
                             "s1/bbas2p",
                             "s1/lrae3s",
                             "s2/swwp2s"}) {
      make_folder((folder_.path() / "grid" / name).parent_path());
      fs::create_symlink(grid / (std::string(name) + ".mpg"),
                         folder_.path() / "grid" / (std::string(name) + ".mpg"));
    }
    folder_.write("grid/s1/bbaz7a.mpg", "this is no movie at all, only a text\n");
    folder_.write("grid/s1/bbbf6n.mpg", "");
    folder_.write("grid/s1/bbbf8p.mpg", read_file(grid / "s1/bbaf2n.mpg").substr(0, 200000));
    config_ = config_of(folder_);
    config_.shard_clips = 3;
  }

  TemporaryFolder folder_;
  PrepareConfig config_;
};

TEST_F(PrepareEndToEnd, TurnsRealClipsIntoShards) {
  config_.jobs = 2;

  const PrepareReport report = prepare(config_);

  EXPECT_EQ(report.census.total().clips, 7);
  EXPECT_EQ(report.census.formats.size(), 1U);
  EXPECT_EQ(report.shards, 4);
  const auto entries = data::read_manifest(config_.out / "manifest.jsonl");
  ASSERT_EQ(entries.size(), 7U);
  EXPECT_EQ(entries[0].id, "s1/bbaf2n");
  EXPECT_EQ(entries[0].text, "bin blue at f two now");
  EXPECT_EQ(entries[0].frames, 75);
  EXPECT_EQ(entries[0].samples, 48000);
  EXPECT_THAT(entries[0].note, HasSubstr("sound"));
  EXPECT_EQ(entries[6].speaker, "s2");
  const data::StoredClip clip = data::read_clip(config_.out, entries[6]);
  ASSERT_EQ(clip.faces.size(), 75U);
  const data::Picture face = data::decode_jpeg(clip.faces[0], 3, entries[6].id);
  EXPECT_EQ(face.width, 112);
  EXPECT_EQ(face.height, 112);
}

TEST_F(PrepareEndToEnd, RejectsDamagedFilesWithTheirReasons) {
  prepare(config_);

  const auto rejects = read_rejects(config_.out / "rejects.jsonl");

  ASSERT_EQ(rejects.size(), 3U);
  EXPECT_EQ(rejects[0].id, "s1/bbaz7a");
  EXPECT_EQ(rejects[1].id, "s1/bbbf6n");
  EXPECT_EQ(rejects[2].id, "s1/bbbf8p");
  for (const Reject& reject : rejects)
    EXPECT_THAT(reject.reason, HasSubstr("expected")) << reject.id;
}

TEST_F(PrepareEndToEnd, GivesTheSameBytesForOneJobAndTwo) {
  prepare(config_);
  const auto one = files_below(config_.out);
  config_.out = folder_.path() / "again";
  config_.jobs = 2;
  prepare(config_);

  EXPECT_TRUE(one == files_below(config_.out));
}

TEST_F(PrepareEndToEnd, TakesUpARunThatWasKilledAndGivesTheSameBytes) {
  prepare(config_);
  const auto whole = files_below(config_.out);
  // As if killed after the third shard was written but not its part, with a shard lost besides.
  for (const char* name : {"parts/00001.json",
                           "parts/00003.jsonl",
                           "parts/00003.json",
                           "shards/00003.tar",
                           "manifest.jsonl",
                           "rejects.jsonl"})
    fs::remove(config_.out / name);

  const PrepareReport report = prepare(config_);

  EXPECT_EQ(report.shards_kept, 2);
  EXPECT_EQ(report.census.total().clips, 7);
  EXPECT_TRUE(whole == files_below(config_.out));
}

TEST_F(PrepareEndToEnd, KeepsEverythingOfAFinishedRun) {
  const Census census = prepare(config_).census;
  const auto whole = files_below(config_.out);

  const PrepareReport report = prepare(config_);

  EXPECT_EQ(report.shards_kept, 4);
  EXPECT_EQ(report.times.frames, 0);
  EXPECT_EQ(report.census.total().clips, 7);
  EXPECT_EQ(report.census.formats, census.formats);
  EXPECT_EQ(report.census.notes, census.notes);
  EXPECT_TRUE(whole == files_below(config_.out));
}

TEST_F(PrepareEndToEnd, GivesTheSameBytesInParts) {
  prepare(config_);
  const auto whole = files_below(config_.out);
  config_.out = folder_.path() / "parts";
  for (std::int64_t i = 3; i >= 1; --i) {
    config_.part = {i, 3};
    prepare(config_);
    EXPECT_FALSE(fs::exists(config_.out / "manifest.jsonl"));
  }

  const PrepareReport report = merge(config_.out);

  EXPECT_EQ(report.census.total().clips, 7);
  EXPECT_TRUE(whole == files_below(config_.out));
}

TEST_F(PrepareEndToEnd, RefusesAFolderBegunWithOtherSettings) {
  config_.limit = 2;
  prepare(config_);
  config_.face.size = 96;

  EXPECT_THAT(error_text([&] { prepare(config_); }, ErrorKind::kUsage),
              HasSubstr("face.size: 112 became 96"));
}

TEST_F(PrepareEndToEnd, RefusesAPartOfAnotherPlan) {
  config_.part = {1, 2};
  prepare(config_);
  config_.part = {2, 2};
  config_.speakers = {"s1"};

  EXPECT_THAT(error_text([&] { prepare(config_); }, ErrorKind::kUsage),
              HasSubstr("speakers: all became s1"));
}

}  // namespace
}  // namespace lipsound2::corpora
