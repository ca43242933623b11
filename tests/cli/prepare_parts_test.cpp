#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace lipsound2 {
namespace {

namespace fs = std::filesystem;
using lipsound2::testing::files_below;
using support::run_in;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kPrepare = "lipsound2 prepare --corpus grid --root corpus --shard-clips 3 ";

/// A corpus of 18 clips, one of them damaged, and what an undisturbed run makes of it: 6 shards.
class ProgramPrepare : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = support::fresh_folder("prepare-parts");
    const auto made =
        run_in(folder_, "lipsound2 demo-corpus --out corpus --clips 18 --speakers 2 --seed 5");
    ASSERT_EQ(made.code, 0) << made.error;
    for (const auto& clip : fs::directory_iterator(folder_ / "corpus/s2"))
      first_ = first_.empty() ? clip.path() : std::min(first_, clip.path());
    fs::resize_file(first_, 1000);
    const auto whole = run("--out whole --max-bad 10% --json whole.json");
    ASSERT_EQ(whole.code, 0) << whole.error;
    whole_ = files_below(folder_ / "whole");
    ASSERT_TRUE(whole_.contains("shards/00005.tar"));
  }

  static support::Outcome run(const std::string& flags) {
    return run_in(folder_, kPrepare + flags);
  }

  static fs::path folder_;
  static fs::path first_;
  static std::map<std::string, std::string> whole_;
};

fs::path ProgramPrepare::folder_;
fs::path ProgramPrepare::first_;
std::map<std::string, std::string> ProgramPrepare::whole_;

TEST_F(ProgramPrepare, PartsKilledAtAnyMomentGiveTheSameBytes) {
  std::random_device seed;
  std::uniform_real_distribution<double> moment(0.05, 2.5);
  for (int round = 0; round < 4; ++round) {
    std::string script;
    for (int i = 1; i <= 3; ++i)
      script += fmt::format(
          "timeout -s KILL {:.3f} '{}' prepare --corpus grid --root corpus --shard-clips 3 --out "
          "killed --part {}/3 & ",
          moment(seed),
          LIPSOUND2_PROGRAM,
          i);
    run_in(folder_, script + "wait");
    EXPECT_FALSE(fs::exists(folder_ / "killed/manifest.jsonl"));
  }
  for (int i = 1; i <= 3; ++i)
    ASSERT_EQ(run(fmt::format("--out killed --part {}/3", i)).code, 0);

  const auto merged = run_in(folder_, "lipsound2 prepare --merge --out killed --max-bad 10%");

  EXPECT_EQ(merged.code, 0) << merged.error;
  EXPECT_THAT(merged.out, HasSubstr("prepared 17 clips of 2 speakers in 6 shards"));
  EXPECT_TRUE(files_below(folder_ / "killed") == whole_);
}

TEST_F(ProgramPrepare, PartsAtTheSameTimeDoNotDisturbEachOther) {
  std::string script;
  for (const char* part : {"1/2", "2/2", "2/2", "2/3", "1/1"})
    script += std::string(kPrepare) + "--out crowd --max-bad 10% --part " + part + " > " +
              std::string(1, part[0]) + part[2] + ".log 2>&1 & pids+=\" $!\"; ";

  const auto all = run_in(
      folder_, script + "code=0; for pid in $pids; do wait $pid || code=1; done; exit $code");

  EXPECT_EQ(all.code, 0) << all.error;
  EXPECT_EQ(run_in(folder_, "lipsound2 prepare --merge --out crowd --max-bad 0.1").code, 0);
  EXPECT_TRUE(files_below(folder_ / "crowd") == whole_);
}

TEST_F(ProgramPrepare, MergeNamesWhatIsMissing) {
  ASSERT_EQ(run("--out half --part 2/3").code, 0);

  const auto merged = run_in(folder_, "lipsound2 prepare --merge --out half");

  EXPECT_EQ(merged.code, 3);
  EXPECT_THAT(merged.error,
              AllOf(HasSubstr("4 missing: 00000, 00002, 00003, 00005"),
                    HasSubstr("run these parts: 1/3 (never begun), 3/3 (never begun)")));
  EXPECT_EQ(run_in(folder_, "lipsound2 prepare --merge --out nowhere").code, 2);
}

TEST_F(ProgramPrepare, APartRefusesAnotherPlan) {
  ASSERT_EQ(run("--out other --part 1/2").code, 0);

  const auto refused = run("--out other --part 2/2 --limit 9");

  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, AllOf(HasSubstr("another plan"), HasSubstr("clips: 18 became 9")));
}

TEST_F(ProgramPrepare, TooManyRejectsAreADataErrorAndTheShardsStay) {
  const auto strict = run("--out strict --max-bad 0.05");

  EXPECT_EQ(strict.code, 3);
  EXPECT_THAT(strict.out, HasSubstr("rejected 1 of 18 clips (5.56 %)"));
  EXPECT_THAT(strict.error, HasSubstr("expected at most 5 % of the clips to be rejected"));
  EXPECT_TRUE(files_below(folder_ / "strict") == whole_);
  EXPECT_EQ(run("--out strict --max-bad 6%").code, 0);
  EXPECT_EQ(run("--out strict --max-bad lots").code, 2);
}

TEST_F(ProgramPrepare, WritesItsCensusAsJson) {
  const auto json = nlohmann::json::parse(read_file(folder_ / "whole.json"));

  EXPECT_EQ(json["clips"], 17);
  EXPECT_EQ(json["rejected"], 1);
  EXPECT_EQ(json["shards"], 6);
  EXPECT_EQ(json["speakers"].size(), 2U);
  EXPECT_EQ(json["pictures"], 17 * 75);
  EXPECT_GT(json["times"]["decode"], 0);
}

TEST_F(ProgramPrepare, CheckLooksAndWritesNothing) {
  const auto checked = run("--out none --check --json check.json");

  EXPECT_EQ(checked.code, 0) << checked.error;
  EXPECT_THAT(checked.out,
              AllOf(HasSubstr("nothing was written"),
                    HasSubstr("tried 18 clips in full, 1 of them would be rejected"),
                    HasSubstr("prepare would write 6 shards, about ")));
  EXPECT_FALSE(fs::exists(folder_ / "none"));
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_ / "check.json"))["clips"], 18);
}

TEST_F(ProgramPrepare, FlagsThatDoNotGoTogetherAreRefused) {
  EXPECT_EQ(run("--out x --check --merge").code, 2);
  EXPECT_EQ(run("--out x --part 1/2 --merge").code, 2);
  EXPECT_EQ(run("--out x --part 3/2").code, 2);
  EXPECT_THAT(run_in(folder_, "lipsound2 prepare --corpus grid --out x").error,
              HasSubstr("--root is required"));
}

}  // namespace
}  // namespace lipsound2
