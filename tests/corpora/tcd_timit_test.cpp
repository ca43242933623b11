#include "tcd_timit.h"

#include <map>
#include <sstream>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/corpora/prepare.h"
#include "lipsound2/data/manifest.h"

#include "real_clip.h"
#include "support/error_text.h"
#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::error_text;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Camera = TcdTimitReader::Camera;

std::vector<SourceClip> tcd_clips(const std::filesystem::path& root,
                                  Camera camera = Camera::kStraight,
                                  const std::vector<std::string>& speakers = {}) {
  return find_clips(TcdTimitReader({.root = root, .speakers = speakers}, camera));
}

std::vector<std::string> tcd_ids(const std::vector<SourceClip>& clips) {
  std::vector<std::string> ids;
  for (const SourceClip& clip : clips)
    ids.push_back(clip.id);
  return ids;
}

TEST(TcdTimit, IsFoundAsUnpacked) {
  const TemporaryFolder corpus;
  for (const char* name : {"volunteers/02M/Clips/straightcam/si1011.mp4",
                           "volunteers/01M/Clips/straightcam/sx11.mp4",
                           "volunteers/01M/Clips/straightcam/sa1.mp4",
                           "volunteers/01M/Clips/straightcam/sa1.wav",
                           "volunteers/01M/Clips/30degcam/sa2.mp4",
                           "lipspeakers/Lipspkr2/Clips/straightcam/sa1.mp4"})
    corpus.write(name, "x");

  const auto clips = tcd_clips(corpus.path());

  EXPECT_THAT(tcd_ids(clips), ElementsAre("Lipspkr2/sa1", "01M/sa1", "01M/sx11", "02M/si1011"));
  EXPECT_EQ(clips[1].speaker, "01M");
  EXPECT_EQ(clips[1].video.path, (corpus / "volunteers/01M/Clips/straightcam/sa1.mp4").string());
  EXPECT_TRUE(clips[1].sound.empty());
  EXPECT_EQ(clips[1].bytes, 1);
  EXPECT_EQ(clips[1].sex, Sex::kMale);
  EXPECT_EQ(clips[0].sex, Sex::kUnknown);
  EXPECT_EQ(clips[1].fault, "");
}

TEST(TcdTimit, IsFoundInTheLayoutWithoutClipsAndInAnyCase) {
  const TemporaryFolder corpus;
  corpus.write("Clean/volunteers/03F/straightcam/SA1.MP4", "x");
  corpus.write("Clean/Volunteers/04f/STRAIGHTCAM/si1.Mp4", "x");
  corpus.write("LIPSPEAKERS/LIPSPKR1/clips/StraightCam/sx9.mp4", "x");

  EXPECT_THAT(tcd_ids(tcd_clips(corpus.path())), ElementsAre("Lipspkr1/sx9", "03F/sa1", "04F/si1"));
}

TEST(TcdTimit, HasTwoCameras) {
  const TemporaryFolder corpus;
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  corpus.write("volunteers/01M/Clips/straightcam/SA2.txt", "0.1 0.4 don't\n0.4 0.6 ask\n");
  corpus.write("volunteers/01M/Clips/30degcam/sa2.mp4", "x");

  const auto clips = tcd_clips(corpus.path(), Camera::kThirtyDegrees);

  ASSERT_THAT(tcd_ids(clips), ElementsAre("01M/sa2"));
  EXPECT_EQ(clips[0].text, "don't ask");
}

TEST(TcdTimit, KnowsThat30MIs30F) {
  const TemporaryFolder corpus;
  corpus.write("volunteers/30M/Clips/straightcam/sa1.mp4", "x");
  corpus.write("volunteers/30M/Clips/straightcam/sa2.mp4", "x");
  corpus.write("volunteers/30F/Clips/straightcam/sa1.mp4", "xx");
  std::vector<SourceClip> clips;

  const auto remarks =
      TcdTimitReader({.root = corpus.path(), .speakers = {"30F"}}, Camera::kStraight)
          .find([&](SourceClip clip) { clips.push_back(std::move(clip)); });

  EXPECT_THAT(tcd_ids(clips), ElementsAre("30F/sa1", "30F/sa2"));
  EXPECT_EQ(clips[0].sex, Sex::kFemale);
  EXPECT_EQ(clips[0].bytes, 2);
  EXPECT_THAT(remarks,
              ElementsAre(AllOf(HasSubstr("taken before: 1"), HasSubstr("30M")),
                          "other numbers of clips than published: 30F 2 of 98"));
}

TEST(TcdTimit, TakesTextFromFilesInAnyCase) {
  const TemporaryFolder corpus;
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  corpus.write("volunteers/01M/Clips/straightcam/SA1.TXT",
               "0.00 0.31 she\r\n0.31 0.52 had\r\n0.52 0.70 your\r\n");
  corpus.write("volunteers/01M/Clips/straightcam/sa2.mp4", "x");

  const auto clips = tcd_clips(corpus.path());

  EXPECT_EQ(clips[0].text, "she had your");
  EXPECT_EQ(clips[0].note, "");
  EXPECT_EQ(clips[1].text, "");
  EXPECT_EQ(clips[1].note, "no transcript");
}

TEST(TcdTimit, TakesWordsButNoPhonesFromAnMlf) {
  const TemporaryFolder corpus;
  corpus.write("volunteers/30F/Clips/straightcam/sa1.mp4", "x");
  corpus.write("volunteers/30F/Clips/straightcam/sx11.mp4", "x");
  corpus.write("volunteers/volunteer_labelfiles.mlf",
               "#!MLF!#\n\"Q:\\Videos\\TCD-TIMIT\\volunteers\\30M\\Clips\\straightcam\\SA1.rec\"\n"
               "0 4600000 sil\n4600000 5300000 sh\n5300000 5600000 iy\n.\n");
  corpus.write("words.MLF",
               "#!MLF!#\n\"*/30F/straightcam/sx11.rec\"\n0 9 sil\n9 20 HE\n20 30 RAN\n.\n");

  const auto clips = tcd_clips(corpus.path());

  EXPECT_EQ(clips[0].text, "");
  EXPECT_EQ(clips[0].note, "no transcript, the MLF file holds its phones only");
  EXPECT_EQ(clips[1].text, "HE RAN");
  EXPECT_EQ(clips[1].note, "");
}

TEST(TcdTimit, TakesSentencesFromThePromptsOfTimit) {
  const TemporaryFolder corpus;
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  corpus.write("PROMPTS.TXT",
               "; TIMIT sentences (prompts)\n"
               "She had your dark suit in greasy wash water all year. (sa1)\r\n");

  const auto clips = tcd_clips(corpus.path());

  EXPECT_EQ(clips[0].text, "She had your dark suit in greasy wash water all year.");
}

TEST(TcdTimit, PassesOverWhatMacLeavesBehind) {
  const TemporaryFolder corpus;
  corpus.write("__MACOSX/volunteers/01M/Clips/straightcam/._sa1.mp4", "x");
  corpus.write("volunteers/01M/Clips/straightcam/._sa1.mp4", "x");
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");

  EXPECT_THAT(tcd_ids(tcd_clips(corpus.path())), ElementsAre("01M/sa1"));
}

/// Clips of the split by "train", "valid" and "test".
std::map<std::string, int> split_counts(const Splits& splits) {
  std::map<std::string, int> counts;
  for (const auto& [id, split] : splits.listed())
    ++counts[split];
  return counts;
}

TEST(TcdTimitSplits, HaveThePublishedCounts) {
  const TemporaryFolder corpus;
  const TcdTimitReader reader({.root = corpus.path(), .speakers = {}}, Camera::kStraight);
  EXPECT_THAT(reader.split_names(), ElementsAre("overlapped", "unseen", "lipspeakers"));

  // TCDTIMIT_overlapped_*.ref and TCDTIMIT_unseen_*.ref of the public label lists (wc -l).
  auto overlapped = split_counts(reader.splits("overlapped"));
  EXPECT_EQ(overlapped["test"], 1736);
  EXPECT_EQ(overlapped["train"] + overlapped["valid"], 3752);
  EXPECT_NEAR(overlapped["valid"], 3752 / 20, 30);
  auto unseen = split_counts(reader.splits("unseen"));
  EXPECT_EQ(unseen["test"], 1666);
  EXPECT_EQ(unseen["train"] + unseen["valid"], 3822);
}

TEST(TcdTimitSplits, KeepLipspeakersSentencesApart) {
  const TemporaryFolder corpus;
  for (int speaker = 1; speaker <= 3; ++speaker)
    for (int sentence = 1; sentence <= 200; ++sentence)
      write_unsafely(
          corpus /
              fmt::format("lipspeakers/Lipspkr{}/Clips/straightcam/sx{}.mp4", speaker, sentence),
          "x");
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  const TcdTimitReader reader({.root = corpus.path(), .speakers = {}}, Camera::kStraight);

  const Splits splits = reader.splits("lipspeakers");

  EXPECT_EQ(splits.listed().size(), 600U);
  auto counts = split_counts(splits);
  EXPECT_NEAR(counts["valid"], 30, 20);
  EXPECT_NEAR(counts["test"], 30, 20);
  for (int sentence = 1; sentence <= 200; ++sentence)
    EXPECT_EQ(splits.listed().at(fmt::format("Lipspkr1/sx{}", sentence)),
              splits.listed().at(fmt::format("Lipspkr3/sx{}", sentence)));
}

TEST(TcdTimitSplits, AreNamedToWhoAsksForAnother) {
  const TemporaryFolder corpus;
  corpus.write("tcd/volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  PrepareConfig config;
  config.corpus = "tcd-timit";
  config.root = corpus / "tcd";
  config.out = corpus / "out";
  config.splits = "nonsense";

  EXPECT_THAT(
      error_text([&] { prepare(config); }, ErrorKind::kUsage),
      HasSubstr("--splits: expected one of overlapped, unseen, lipspeakers or a folder of lists"));
}

TEST(TcdTimitSplits, RefuseAnotherName) {
  const TemporaryFolder corpus;
  const TcdTimitReader reader({.root = corpus.path(), .speakers = {}}, Camera::kStraight);

  EXPECT_THAT(error_text([&] { reader.splits("seen"); }, ErrorKind::kUsage),
              HasSubstr("one of overlapped, unseen, lipspeakers, found seen"));
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  EXPECT_THAT(error_text([&] { reader.splits("lipspeakers"); }),
              HasSubstr("expected clips of lipspeakers for the split, found none"));
}

TEST(TcdTimitReference, SplitsAndTextsAreThoseOfThePublicLists) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder corpus;
  std::map<std::string, std::string> texts;
  for (const char* list : {"TCDTIMIT_overlapped_train", "TCDTIMIT_overlapped_test"})
    for (const auto& [path, text] : label_lines(list)) {
      write_unsafely(corpus / (path + ".mp4"), "x");
      std::string timed;
      std::istringstream words(text);
      for (std::string word; words >> word;)
        timed += "0.10 0.20 " + word + "\r\n";
      write_unsafely(corpus / (path + ".txt"), timed);
      texts[path] = text;
    }
  const TcdTimitReader reader({.root = corpus.path(), .speakers = {}}, Camera::kStraight);
  std::map<std::string, SourceClip> clips;

  const auto remarks = reader.find([&](SourceClip clip) { clips[clip.id] = std::move(clip); });

  EXPECT_THAT(remarks, IsEmpty());
  ASSERT_EQ(clips.size(), 5488U);
  for (const char* split : {"overlapped", "unseen"}) {
    const Splits splits = reader.splits(split);
    for (const char* part : {"train", "test"})
      for (const auto& [path, text] : label_lines(fmt::format("TCDTIMIT_{}_{}", split, part))) {
        const std::filesystem::path place(path);
        const SourceClip& clip =
            clips.at(std::next(place.begin())->string() + "/" + place.filename().string());
        const std::string found = splits.split_of(clip).value_or("none");
        EXPECT_EQ(found == "valid" ? "train" : found, part) << path;
        EXPECT_EQ(clip.text, texts.at(path));
        EXPECT_EQ(clip.note, "");
      }
  }
}

TEST(TcdTimit, RemarksOnOtherCountsThanPublished) {
  const TemporaryFolder corpus;
  for (int sentence = 1; sentence <= 98; ++sentence)
    corpus.write(fmt::format("volunteers/01M/Clips/straightcam/sx{}.mp4", sentence), "x");
  corpus.write("volunteers/02M/Clips/straightcam/sa1.mp4", "x");
  corpus.write("lipspeakers/Lipspkr1/Clips/straightcam/sa1.mp4", "x");
  const TcdTimitReader reader({.root = corpus.path(), .speakers = {}}, Camera::kStraight);

  EXPECT_THAT(reader.find([](SourceClip) {}),
              ElementsAre("other numbers of clips than published: 02M 1 of 98, Lipspkr1 1 of 377"));
}

TEST(TcdTimit, SaysWhatIsMissing) {
  const TemporaryFolder corpus;
  EXPECT_THAT(error_text([] { tcd_clips("/nowhere/tcd"); }),
              AllOf(HasSubstr("/nowhere/tcd"), HasSubstr("found nothing")));
  EXPECT_THAT(error_text([&] { tcd_clips(corpus.path()); }),
              HasSubstr("volunteers/01M/Clips/straightcam/sa1.mp4, found none in 0 folders"));
  corpus.write("volunteers/01M/Clips/straightcam/sa1.mp4", "x");
  EXPECT_THAT(error_text([&] { tcd_clips(corpus.path(), Camera::kThirtyDegrees); }),
              HasSubstr("Clips/30degcam/sa1.mp4, found none in 1 folders"));
  EXPECT_THAT(error_text([&] { tcd_clips(corpus.path(), Camera::kStraight, {"02M"}); }),
              HasSubstr("expected clips of speaker 02M, found 01M"));
}

TEST(TcdTimitEndToEnd, IsPreparedFromHighDefinition) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  const video::FaceClip clip = real_clip("s1/bbaf2n.mpg", 900);
  const auto place = folder / "tcd/volunteers/01M/Clips/straightcam";
  write_clip(place / "SA1.mp4",
             clip,
             {.width = 1920,
              .height = 1080,
              .fps = 30000,
              .seconds = 1001,
              .video_bits_per_second = 8'000'000},
             clip.sound);
  folder.write("tcd/volunteers/01M/Clips/straightcam/SA1.txt", "0 1 BIN\n1 2 BLUE\n");
  PrepareConfig config;
  config.corpus = "tcd-timit";
  config.root = folder / "tcd";
  config.out = folder / "out";

  const PrepareReport report = prepare(config);

  EXPECT_EQ(report.census.rejected(), 0);
  const auto entries = data::read_manifest(folder / "out/manifest.jsonl");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].id, "01M/sa1");
  EXPECT_EQ(entries[0].text, "BIN BLUE");
  EXPECT_NEAR(static_cast<double>(entries[0].frames), 75, 1);
  EXPECT_EQ(entries[0].samples, 640 * entries[0].frames);
  EXPECT_THAT(report.census.formats, ElementsAre(Pair(HasSubstr("1920 x 1080 at 29.97 fps"), 1)));
}

}  // namespace
}  // namespace lipsound2::corpora
