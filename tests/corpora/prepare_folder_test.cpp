#include "prepare_folder.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/data/shard.h"

#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::files_below;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<config::FieldLine> plan_of(const std::string& clips) {
  return {{.key = "corpus", .value = "grid", .type = "", .help = ""},
          {.key = "clips", .value = clips, .type = "", .help = ""},
          {.key = "shard_clips", .value = "2", .type = "", .help = ""}};
}

/// Makes a shard with one clip of these bytes and one that was rejected, and its part.
void finish_shard(const PrepareFolder& folder, std::int64_t shard, const std::string& id) {
  ShardPart part;
  data::ManifestEntry entry;
  entry.id = id;
  entry.speaker = "s1";
  entry.split = "train";
  entry.frames = 1;
  entry.samples = 640;
  entry.shard = PrepareFolder::shard_name(shard);
  data::ShardWriter writer(folder.path() / entry.shard);
  writer.add(entry, {.id = id, .faces = {"\xff\xd8picture\xff\xd9"}, .flac = "sound"});
  writer.commit();
  part.entries = {entry};
  part.rejects = {{.id = id + "_bad", .file = "s1/bad.mpg", .reason = "found 3 of 4"}};
  part.census.splits["train"] = {.clips = 1, .frames = 1, .seconds = 0.04};
  part.census.speakers["s1"] = {.sex = "m", .clips = {{"train", 1}}};
  part.census.rejects["found N of N"] = 1;
  folder.finish(shard, part);
}

/// A folder of two shards, of which these are finished.
PrepareFolder begin_with(const TemporaryFolder& out, const std::vector<std::int64_t>& finished) {
  const auto folder = PrepareFolder::begin(out.path(), plan_of("4"));
  for (const std::int64_t shard : finished)
    finish_shard(folder, shard, fmt::format("s1/clip{}", shard));
  return folder;
}

/// The text of the error, "" for none.
template <class Call>
std::string complaint_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PrepareFolder, IsTakenUpWithTheSamePlan) {
  const TemporaryFolder out;

  PrepareFolder::begin(out.path() / "new" / "folder", plan_of("10"));

  EXPECT_NO_THROW(PrepareFolder::begin(out.path() / "new" / "folder", plan_of("10")));
}

TEST(PrepareFolder, RefusesAnotherPlanAndSaysWhatDiffers) {
  const TemporaryFolder out;
  PrepareFolder::begin(out.path(), plan_of("10"));

  try {
    PrepareFolder::begin(out.path(), plan_of("12"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(out.path().string()), HasSubstr("clips: 10 became 12")));
  }
}

TEST(PrepareFolder, RefusesOtherClipsWithoutShowingTheirHash) {
  const TemporaryFolder out;
  std::vector<config::FieldLine> plan = plan_of("10");
  plan.push_back({.key = "clips_hash", .value = "12ab", .type = "", .help = ""});
  PrepareFolder::begin(out.path(), plan);
  plan.back().value = "34cd";

  EXPECT_THAT(complaint_of([&] { PrepareFolder::begin(out.path(), plan); }),
              HasSubstr("another plan (other names, sizes, texts or splits of the clips);"));
}

TEST(PrepareFolder, LeavesWhatOthersAreWriting) {
  const TemporaryFolder out;
  begin_with(out, {});
  AtomicFile other(out.path() / "shards/00001.tar");

  begin_with(out, {});

  EXPECT_NO_THROW(other.commit());
}

TEST(PrepareFolder, RefusesAShardOfAnotherPlan) {
  const TemporaryFolder out;
  begin_with(out, {0});
  const TemporaryFolder stranger;
  finish_shard(PrepareFolder::begin(stranger.path(), plan_of("3")), 1, "s1/other");
  for (const char* file : {"parts/00001.json", "parts/00001.jsonl", "shards/00001.tar"})
    std::filesystem::copy_file(stranger.path() / file, out.path() / file);

  EXPECT_THAT(complaint_of([&] { begin_with(out, {}).join(); }),
              AllOf(HasSubstr("parts/00001.json: "), HasSubstr("another plan")));
}

TEST(PrepareFolder, FinishesAShardWithItsWitness) {
  const TemporaryFolder out;
  const PrepareFolder folder = begin_with(out, {0});

  ASSERT_TRUE(folder.finished(0).has_value());
  EXPECT_EQ(folder.finished(0)->speakers.at("s1").sex, "m");
  EXPECT_EQ(folder.finished(0)->rejects.at("found N of N"), 1);
  EXPECT_FALSE(folder.finished(1).has_value());
}

TEST(PrepareFolder, DoesNotTrustAWitnessWhoseShardIsGoneOrCutShort) {
  const TemporaryFolder out;
  const PrepareFolder folder = begin_with(out, {0});
  const auto shard = out.path() / PrepareFolder::shard_name(0);

  std::filesystem::resize_file(shard, 700);
  EXPECT_FALSE(folder.finished(0).has_value());

  std::filesystem::remove(shard);
  EXPECT_FALSE(folder.finished(0).has_value());
}

TEST(PrepareFolder, DoesNotTrustADamagedWitness) {
  const TemporaryFolder out;
  const PrepareFolder folder = begin_with(out, {0});
  std::filesystem::resize_file(out.path() / "parts/00000.json", 40);

  EXPECT_FALSE(folder.finished(0).has_value());
}

TEST(PrepareFolder, FinishesAShardWhoseClipsWereAllRejected) {
  const TemporaryFolder out;
  const PrepareFolder folder = PrepareFolder::begin(out.path(), plan_of("1"));
  ShardPart part;
  part.rejects = {{.id = "a", .file = "a.mpg", .reason = "no face"}};
  part.census.rejects["no face"] = 1;

  folder.finish(0, part);

  EXPECT_TRUE(folder.finished(0).has_value());
  EXPECT_EQ(folder.join().rejected(), 1);
  EXPECT_EQ(read_rejects(out.path() / "rejects.jsonl").at(0).reason, "no face");
  EXPECT_FALSE(std::filesystem::exists(out.path() / "manifest.jsonl"));
}

TEST(PrepareFolder, JoinsPartsInTheOrderOfShards) {
  const TemporaryFolder out;

  const Census all = begin_with(out, {1, 0}).join();

  const auto entries = data::read_manifest(out.path() / "manifest.jsonl");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].id, "s1/clip0");
  EXPECT_EQ(entries[1].id, "s1/clip1");
  EXPECT_EQ(read_rejects(out.path() / "rejects.jsonl").size(), 2U);
  EXPECT_EQ(all.total().clips, 2);
  EXPECT_EQ(all.rejected(), 2);
  EXPECT_EQ(all.speakers.at("s1").clips.at("train"), 2);
}

TEST(PrepareFolder, NamesTheShardsThatAreMissing) {
  const TemporaryFolder out;

  EXPECT_THAT(complaint_of([&] { begin_with(out, {1}).join(); }),
              AllOf(HasSubstr("expected 2 finished shards, 1 missing: 00000"),
                    HasSubstr("run prepare again")));
  EXPECT_FALSE(std::filesystem::exists(out.path() / "manifest.jsonl"));
}

TEST(PrepareFolder, NamesThePartsThatAreMissing) {
  const TemporaryFolder out;
  const PrepareFolder folder = PrepareFolder::begin(out.path(), plan_of("6"));
  folder.begin_part({1, 3});
  folder.begin_part({2, 3});
  finish_shard(folder, 0, "s1/a");

  EXPECT_THAT(complaint_of([&] { folder.join(); }),
              HasSubstr("2 missing: 00001, 00002; run these parts: 2/3 (begun, not finished), "
                        "3/3 (never begun)"));
}

TEST(PrepareFolder, NamesAClipThatIsThereTwice) {
  const TemporaryFolder out;
  const PrepareFolder folder = begin_with(out, {0});
  finish_shard(folder, 1, "s1/clip0");

  EXPECT_THAT(complaint_of([&] { folder.join(); }),
              HasSubstr("expected every id once, found 's1/clip0' again"));
  EXPECT_FALSE(std::filesystem::exists(out.path() / "manifest.jsonl"));
}

TEST(PrepareFolder, NamesAPartThatLacksAClip) {
  const TemporaryFolder out;
  const PrepareFolder folder = begin_with(out, {0, 1});
  write_file(out.path() / "parts/00000.jsonl", "");

  EXPECT_THAT(complaint_of([&] { folder.join(); }),
              AllOf(HasSubstr("parts/00000.jsonl: expected 1 clips"), HasSubstr("found s1/clip1")));
}

TEST(PrepareFolder, LeavesNoTraceOfParts) {
  const TemporaryFolder out;
  const PrepareFolder folder = begin_with(out, {0, 1});
  folder.join();
  const auto whole = files_below(out.path());
  folder.begin_part({1, 2});

  folder.join();

  EXPECT_TRUE(files_below(out.path()) == whole);
}

TEST(PrepareFolder, IsOpenedOnlyWhereOneWasBegun) {
  const TemporaryFolder out;
  EXPECT_THAT(complaint_of([&] { PrepareFolder::open(out.path()); }), HasSubstr("no plan.json"));

  begin_with(out, {0, 1});

  EXPECT_EQ(PrepareFolder::open(out.path()).join().total().clips, 2);
}

TEST(Reject, KeepsEveryCharacterOfItsReason) {
  const TemporaryFolder out;
  const Reject reject{.id = "s1/a", .file = "a \"b\".mpg", .reason = "expected\n x\t\\"};
  write_file(out.path() / "rejects.jsonl", to_json_line(reject));

  const auto read = read_rejects(out.path() / "rejects.jsonl");

  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].file, reject.file);
  EXPECT_EQ(read[0].reason, reject.reason);
}

TEST(Reject, NamesTheKindOfItsReason) {
  EXPECT_EQ(to_json_line({.id = "a", .file = "a.mpg", .reason = "found 3 pictures"}),
            "{\"id\":\"a\",\"file\":\"a.mpg\",\"kind\":\"found N pictures\",\"reason\":\"found 3 "
            "pictures\"}\n");
}

TEST(Reject, SurvivesAFileNameThatIsNoUtf8) {
  EXPECT_THAT(to_json_line({.id = "s1/a", .file = "\xe4.mpg", .reason = "x"}),
              HasSubstr("\xef\xbf\xbd.mpg"));
}

}  // namespace
}  // namespace lipsound2::corpora
