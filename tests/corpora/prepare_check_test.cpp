#include "lipsound2/corpora/prepare_check.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"
#include "video/movies.h"

namespace lipsound2::corpora {
namespace {

namespace fs = std::filesystem;
using lipsound2::testing::files_below;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

/// A corpus in GRID's layout whose movies show no face: one of 2 s and its copy, a silent one, an
/// overdriven one, a text, and a name that is none.
class PrepareCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.root = folder_ / "grid";
    config_.out = folder_ / "out";
    make_folder(config_.root / "s1");
    make_folder(config_.root / "s2");
    video::write_movie(config_.root / "s1/bbaf2n.mpg", {.pictures = 50, .sound = video::tone(2)});
    fs::copy_file(config_.root / "s1/bbaf2n.mpg", config_.root / "s2/bbaf2n.mpg");
    audio::Waveform silence = video::tone(2);
    std::ranges::fill(silence.samples, 0.0F);
    video::write_movie(config_.root / "s1/bbaf3s.mpg", {.pictures = 50, .sound = silence});
    audio::Waveform loud = video::tone(2);
    for (float& x : loud.samples)
      x = x > 0 ? 1.0F : -1.0F;
    video::write_movie(config_.root / "s2/bbaf3s.mpg", {.pictures = 50, .sound = loud});
    folder_.write("grid/s1/bbaf4p.mpg", "this is no movie at all, only a text\n");
    folder_.write("grid/s1/holiday.mpg", "x");
  }

  TemporaryFolder folder_;
  PrepareConfig config_;
};

TEST_F(PrepareCheck, LooksAtEveryClipAndWritesNothing) {
  const auto before = files_below(folder_.path());

  const CheckReport report = check(config_);

  EXPECT_EQ(report.clips, 6);
  EXPECT_EQ(report.looks.clips, 4);
  EXPECT_THAT(report.looks.sizes, ElementsAre(Pair("160 x 120", 4)));
  EXPECT_THAT(report.looks.frame_rates, ElementsAre(Pair("25 pictures/s", 4)));
  EXPECT_EQ(report.looks.containers.size(), 1U);
  EXPECT_NEAR(report.looks.length.median, 2, 0.05);
  EXPECT_NEAR(report.looks.sound_start.median, 0, 0.05);
  EXPECT_NEAR(report.looks.sound_end.median, 0, 0.08);
  EXPECT_TRUE(files_below(folder_.path()) == before);
  EXPECT_FALSE(fs::exists(config_.out));
}

TEST_F(PrepareCheck, MeasuresLoudness) {
  const LookCensus looks = check(config_).looks;

  EXPECT_EQ(looks.silent, 1);
  EXPECT_EQ(looks.clipped, 1);
  // The tone is 440 Hz at half of full scale: -6 dB peak, -9 dB RMS.
  EXPECT_NEAR(looks.peak.median, -6, 0.7);
  EXPECT_NEAR(looks.rms.median, -9, 0.7);
  EXPECT_LT(looks.rms.least, -60);
}

TEST_F(PrepareCheck, FindsEqualFilesUnderTwoNames) {
  for (const char* broken : {"grid/s1/bbaf5a.mpg", "grid/s2/bbaf5a.mpg"})
    folder_.write(broken, "");  // equal, but that is not what is wrong with them
  EXPECT_THAT(check(config_).looks.duplicates, ElementsAre(Pair("s1/bbaf2n", "s2/bbaf2n")));
}

TEST_F(PrepareCheck, CountsWhatCannotBeUsed) {
  const CheckReport report = check(config_);

  EXPECT_EQ(report.looks.faults.size(), 2U);
  EXPECT_EQ(report.trial.clips, 6);
  EXPECT_EQ(report.trial.census.rejected(), 6);
  EXPECT_FALSE(report.expected_bytes().has_value());
}

TEST_F(PrepareCheck, NamesSpeakersThatAreInSeveralSplits) {
  folder_.write("lists/train.txt", "s1/bbaf2n\n");
  folder_.write("lists/valid.txt", "s1/bbaf3s\n");
  folder_.write("lists/test.txt", "s2/bbaf2n\ns2/swwp2s\n");
  config_.splits = folder_ / "lists";

  const CheckReport report = check(config_);

  EXPECT_THAT(report.shared_speakers(), ElementsAre("s1"));
  EXPECT_THAT(report.splits,
              UnorderedElementsAre(Pair("train", 1), Pair("valid", 1), Pair("test", 1)));
  EXPECT_THAT(report.missing, ElementsAre("s2/swwp2s"));
  EXPECT_EQ(report.left_out, 3);
}

TEST_F(PrepareCheck, DoesNotDependOnTheNumberOfJobs) {
  CheckReport one = check(config_);
  config_.jobs = 3;
  CheckReport three = check(config_);

  EXPECT_EQ(nlohmann::json::parse(to_json(one))["looks"],
            nlohmann::json::parse(to_json(three))["looks"]);
}

TEST_F(PrepareCheck, TellsItAllInWords) {
  EXPECT_THAT(to_text(check(config_)),
              AllOf(HasSubstr("looked at 6 clips of grid in "),
                    HasSubstr("        4  160 x 120\n"),
                    HasSubstr("\nsound begins "),
                    HasSubstr("1 clip clipped (three samples at full scale), 1 silent"),
                    HasSubstr("equal files: 1 pair, such as s1/bbaf2n and s2/bbaf2n"),
                    HasSubstr("tried 6 clips in full, 6 of them would be rejected"),
                    HasSubstr("prepare would write 1 shard\n")));
}

TEST_F(PrepareCheck, SaysWhatWasBegunInTheFolder) {
  prepare(config_);
  EXPECT_EQ(check(config_).shards_finished, 1);

  config_.limit = 2;

  EXPECT_THAT(to_text(check(config_)),
              AllOf(HasSubstr("prepare would refuse: "), HasSubstr("clips: 6 became 2")));
}

TEST(CheckReport, SpeaksOfSpeakersInSeveralSplits) {
  CheckReport report;
  report.splits = {{"train", 1}, {"test", 1}};
  report.speakers["s1"].clips = {{"train", 1}, {"test", 1}};
  EXPECT_THAT(to_text(report), HasSubstr("\n1 speaker, in more than one split\n"));
  report.speakers["s2"].clips = {{"train", 1}};
  EXPECT_THAT(to_text(report), HasSubstr("\n2 speakers, s1 in more than one split\n"));
  report.speakers["s2"].clips["test"] = 1;
  EXPECT_THAT(to_text(report), HasSubstr("\n2 speakers, each of them in more than one split\n"));
  report.speakers["s1"].clips.erase("test");
  report.speakers["s2"].clips.erase("test");
  EXPECT_THAT(to_text(report), HasSubstr("\n2 speakers, none of them in more than one split\n"));
  report.splits.erase("test");
  EXPECT_THAT(to_text(report), HasSubstr("\n2 speakers\n"));
}

TEST(CheckReport, SpeaksOfDelaysThatAreAllTheSame) {
  CheckReport report;
  report.looks.sounds["16000 Hz"] = 2;
  report.looks.sound_start = {.least = -0.0001, .median = 0, .most = 0.0001};
  report.looks.sound_end = {.least = -0.0224, .median = -0.022, .most = -0.0216};
  EXPECT_THAT(to_text(report),
              HasSubstr("sound begins with the pictures\nsound ends 22 ms before the pictures\n"));
  report.looks.sound_end.most = 0.003;
  EXPECT_THAT(to_text(report),
              HasSubstr("sound ends after the pictures by -22 to 3 ms, median -22 ms (negative: "
                        "before them)\n"));
}

/// Ten real clips of s1.
TEST(PrepareCheckEndToEnd, ExpectsAboutWhatPrepareWrites) {
  const char* data = std::getenv("LIPSOUND2_DATA");
  if (!data)
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  PrepareConfig config;
  config.root = fs::path(data) / "grid";
  config.out = folder / "out";
  config.limit = 10;

  const CheckReport report = check(config);
  prepare(config);

  const auto written = fs::file_size(config.out / "shards/00000.tar");
  EXPECT_NEAR(report.expected_bytes().value(), static_cast<double>(written), 0.05 * written);
  // 47,648 samples at 16 kHz under 75 pictures, as data/SOURCES.md of the test data says.
  EXPECT_NEAR(report.looks.sound_end.median, -0.022, 0.001);
  EXPECT_NEAR(report.looks.length.median, 3, 1e-3);
  EXPECT_THAT(report.looks.sounds, ElementsAre(Pair("44100 Hz, 2 channels", 10)));
  EXPECT_THAT(report.looks.containers, ElementsAre(Pair("mpeg: mpeg1video, mp2", 10)));
}

}  // namespace
}  // namespace lipsound2::corpora
