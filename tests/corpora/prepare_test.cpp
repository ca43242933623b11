#include "lipsound2/corpora/prepare.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/data/jpeg.h"
#include "lipsound2/data/shard.h"

#include "prepare_folder.h"
#include "prepare_plan.h"
#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;
using lipsound2::testing::files_below;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The error that prepare() or make_plan() ends in.
template <class Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::kUsage, "no error");
}

PrepareConfig config_of(const TemporaryFolder& folder) {
  PrepareConfig config;
  config.root = folder.path() / "grid";
  config.out = folder.path() / "out";
  return config;
}

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

  const Error error = error_of([&] { make_plan(config); });

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("found 1 clips there and none of them listed"));
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

TEST(Prepare, NamesTheCorporaItKnows) {
  PrepareConfig config;
  config.corpus = "gird";

  const Error error = error_of([&] { prepare(config); });

  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("gird"), HasSubstr("one of: grid")));
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
  const Error error = error_of([&] { require_few_rejects(report, 1); });
  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("found 3 of 3, 100 %"));
}

TEST(Prepare, AllowsAShareOfRejects) {
  PrepareReport report;
  report.census.splits["train"].clips = 95;
  report.census.rejects["no face"] = 5;

  EXPECT_NO_THROW(require_few_rejects(report, 0.05));
  EXPECT_THAT(error_of([&] { require_few_rejects(report, 0.04); }).what(),
              HasSubstr("expected at most 4 % of the clips to be rejected (--max-bad), found 5 of "
                        "100, 5 %"));
}

TEST(PrepareReport, ListsSplitsRejectsNotesAndTimes) {
  PrepareReport report;
  Census& census = report.census;
  census.splits["train"] = {.clips = 2, .frames = 150, .seconds = 6};
  census.splits["test"] = {.clips = 1, .frames = 75, .seconds = 3};
  census.speakers["s1"] = {.sex = "f", .clips = {{"train", 2}, {"test", 1}}};
  census.formats = {{"360 x 288 at 25 fps", 3}};
  census.rejects = {{"no face", 2}, {"too short", 5}};
  census.notes = {{"sound N ms shorter", 3}};
  report.left_out = 4;
  report.missing = {"s1/bbaf9n"};
  report.remarks = {"talker 21 has no video"};
  report.shards = 2;
  report.shards_kept = 1;
  report.times = {.decode = 0.25,
                  .faces = 0.1,
                  .crop = 0.05,
                  .jpeg = 0.05,
                  .sound = 0.025,
                  .write = 0.1,
                  .wall = 0.25,
                  .threads = 2,
                  .frames = 225};

  EXPECT_EQ(to_text(report),
            "prepared 3 clips of 1 speaker (0 male, 1 female) in 2 shards: 225 pictures, 0.00 h\n"
            "  train         2 clips        150 pictures     0.00 h\n"
            "  test          1 clips         75 pictures     0.00 h\n"
            "clips by speaker:  train   valid    test\n"
            "  s1                   2       0       1  f\n"
            "stored as:\n"
            "        3  360 x 288 at 25 fps\n"
            "notes:\n"
            "        3  sound N ms shorter\n"
            "rejected 7 of 10 clips (70 %), each with its file in rejects.jsonl:\n"
            "        5  too short\n"
            "        2  no face\n"
            "in no list, left out: 4 clips\n"
            "in a list, not found: 1 clip, such as s1/bbaf9n\n"
            "talker 21 has no video\n"
            "found finished: 1 shard\n"
            "read 225 pictures in 0.2 s with 2 threads: 900 pictures/s\n"
            "  decoding 50 %, finding faces 20 %, cropping 10 %, JPEG 10 %, sound 5 %, waiting 5 "
            "%; writing took 0.1 s beside it\n");
}

TEST(PrepareReport, OfAPartSaysWhatComesNext) {
  PrepareReport report;
  report.part = {2, 4};
  report.out = "data";

  EXPECT_THAT(to_text(report),
              AllOf(HasSubstr("part 2/4: 0 clips"),
                    HasSubstr("when all 4 parts are done: lipsound2 prepare --merge --out data")));
}

TEST(PrepareReport, SumsUpManySpeakers) {
  PrepareReport report;
  for (int i = 0; i < 50; ++i)
    report.census.speakers[fmt::format("id{:05}", i)].clips["train"] = 10 + i;

  EXPECT_THAT(
      to_text(report),
      HasSubstr("clips by speaker: 34.5 on average, 10 at least (id00000), 59 at most (id00049)"));
}

/// Sets a variable for the time of a test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(WorkPart, IsOneOfSeveral) {
  const WorkPart part = parse_part("2/4");

  EXPECT_EQ(part.name(), "2/4");
  EXPECT_FALSE(part.whole());
  EXPECT_FALSE(part.holds(0));
  EXPECT_TRUE(part.holds(1));
  EXPECT_TRUE(part.holds(5));
}

TEST(WorkPart, RefusesWhatIsNoPart) {
  for (const char* text : {"0/4", "5/4", "2", "2/", "/4", "a/4", "2/4x", "-1/4", "1/0", ""})
    EXPECT_THAT(error_of([&] { parse_part(text); }).what(), HasSubstr("--part: expected i/n"))
        << text;
}

TEST(WorkPart, IsThatOfTheJobArray) {
  const Environment id("SLURM_ARRAY_TASK_ID", "7");
  const Environment count("SLURM_ARRAY_TASK_COUNT", "4");
  const Environment least("SLURM_ARRAY_TASK_MIN", "5");

  EXPECT_EQ(parse_part("slurm").name(), "3/4");
}

TEST(WorkPart, RefusesJobArraysWithHoles) {
  const Environment id("SLURM_ARRAY_TASK_ID", "9");
  const Environment count("SLURM_ARRAY_TASK_COUNT", "2");
  const Environment least("SLURM_ARRAY_TASK_MIN", "2");

  EXPECT_THAT(error_of([] { parse_part("slurm"); }).what(), HasSubstr("successive numbers"));
}

TEST(WorkPart, MissesTheJobArray) {
  EXPECT_THAT(error_of([] { parse_part("slurm"); }).what(),
              HasSubstr("SLURM_ARRAY_TASK_ID, as in a job array (sbatch --array), found nothing"));
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

  const Error error = error_of([&] { prepare(config_); });

  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("face.size: 112 became 96"));
}

TEST_F(PrepareEndToEnd, RefusesAPartOfAnotherPlan) {
  config_.part = {1, 2};
  prepare(config_);
  config_.part = {2, 2};
  config_.speakers = {"s1"};

  EXPECT_THAT(error_of([&] { prepare(config_); }).what(), HasSubstr("speakers: all became s1"));
}

}  // namespace
}  // namespace lipsound2::corpora
