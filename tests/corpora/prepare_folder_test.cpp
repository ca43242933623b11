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
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::vector<config::FieldLine> plan_of(const std::string& clips) {
  return {{.key = "corpus", .value = "grid", .type = "", .help = ""},
          {.key = "clips", .value = clips, .type = "", .help = ""}};
}

/// A shard with one clip of these bytes, and its part.
ShardPart fill_shard(const PrepareFolder& folder, std::int64_t shard, const std::string& id) {
  const std::string name = PrepareFolder::shard_name(shard);
  data::ManifestEntry entry;
  entry.id = id;
  entry.speaker = "s1";
  entry.split = "train";
  entry.frames = 1;
  entry.samples = 640;
  entry.shard = name;
  data::ShardWriter writer(folder.path() / name);
  writer.add(entry, {.id = id, .faces = {"\xff\xd8picture\xff\xd9"}, .flac = "sound"});
  writer.commit();
  return {.entries = {entry}, .rejects = {{.id = "s1/bad", .file = "s1/bad.mpg", .reason = "x"}}};
}

TEST(PrepareFolder, IsClaimedAgainWithTheSamePlan) {
  const TemporaryFolder out;
  const PrepareFolder folder(out.path() / "new" / "folder");

  folder.claim(plan_of("10"));

  EXPECT_NO_THROW(folder.claim(plan_of("10")));
}

TEST(PrepareFolder, RefusesAnotherPlanAndSaysWhatDiffers) {
  const TemporaryFolder out;
  const PrepareFolder folder(out.path());
  folder.claim(plan_of("10"));

  try {
    folder.claim(plan_of("12"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(out.path().string()), HasSubstr("clips: 10 became 12")));
  }
}

TEST(PrepareFolder, ClearsOnlyTheTemporaryFilesOfAKilledRun) {
  const TemporaryFolder out;
  out.write("shards/00000.tar.tmp4711", "half");
  out.write("parts/00000.jsonl.tmp4711", "half");
  out.write("notes.tmpl", "mine");
  const PrepareFolder folder(out.path());

  // A part without a plan would be refused; temporary files are none.
  folder.claim(plan_of("10"));

  const auto files = files_below(out.path());
  EXPECT_THAT(files, Not(Contains(Pair("shards/00000.tar.tmp4711", "half"))));
  EXPECT_THAT(files, Not(Contains(Pair("parts/00000.jsonl.tmp4711", "half"))));
  EXPECT_THAT(files, Contains(Pair("notes.tmpl", "mine")));
}

TEST(PrepareFolder, RefusesPartsOfAnUnknownPlan) {
  const TemporaryFolder out;
  out.write("parts/00000.jsonl", "");

  EXPECT_THROW(PrepareFolder(out.path()).claim(plan_of("10")), Error);
}

TEST(PrepareFolder, FinishesAShardWithItsPart) {
  const TemporaryFolder out;
  const PrepareFolder folder(out.path());
  folder.claim(plan_of("2"));
  const ShardPart part = fill_shard(folder, 0, "s1/bbaf2n");

  EXPECT_FALSE(folder.finished(0));
  folder.finish(0, part);

  EXPECT_TRUE(folder.finished(0));
  EXPECT_FALSE(folder.finished(1));
}

TEST(PrepareFolder, DoesNotTrustAPartWhoseShardIsGoneOrCutShort) {
  const TemporaryFolder out;
  const PrepareFolder folder(out.path());
  folder.claim(plan_of("2"));
  folder.finish(0, fill_shard(folder, 0, "s1/bbaf2n"));
  const auto shard = out.path() / PrepareFolder::shard_name(0);

  std::filesystem::resize_file(shard, 700);
  EXPECT_FALSE(folder.finished(0));

  std::filesystem::remove(shard);
  EXPECT_FALSE(folder.finished(0));
}

TEST(PrepareFolder, FinishesAShardWhoseClipsWereAllRejected) {
  const TemporaryFolder out;
  const PrepareFolder folder(out.path());
  folder.claim(plan_of("1"));

  folder.finish(0, {.entries = {}, .rejects = {{.id = "a", .file = "a.mpg", .reason = "no face"}}});

  EXPECT_TRUE(folder.finished(0));
  EXPECT_EQ(folder.join(1).rejects.at(0).reason, "no face");
  EXPECT_FALSE(std::filesystem::exists(out.path() / "manifest.jsonl"));
}

TEST(PrepareFolder, JoinsPartsInTheOrderOfShards) {
  const TemporaryFolder out;
  const PrepareFolder folder(out.path());
  folder.claim(plan_of("2"));
  folder.finish(1, fill_shard(folder, 1, "s1/bbaf3s"));
  folder.finish(0, fill_shard(folder, 0, "s1/bbaf2n"));

  const ShardPart all = folder.join(2);

  ASSERT_EQ(all.entries.size(), 2U);
  EXPECT_EQ(all.entries[0].id, "s1/bbaf2n");
  EXPECT_EQ(all.entries[1].id, "s1/bbaf3s");
  EXPECT_EQ(all.rejects.size(), 2U);
  EXPECT_EQ(data::read_manifest(out.path() / "manifest.jsonl").size(), 2U);
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

TEST(Reject, SurvivesAFileNameThatIsNoUtf8) {
  EXPECT_THAT(to_json_line({.id = "s1/a", .file = "\xe4.mpg", .reason = "x"}),
              HasSubstr("\xef\xbf\xbd.mpg"));
}

}  // namespace
}  // namespace lipsound2::corpora
