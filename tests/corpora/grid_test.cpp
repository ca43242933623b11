#include "grid.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> ids_of(const std::vector<SourceClip>& clips) {
  std::vector<std::string> ids;
  for (const SourceClip& clip : clips)
    ids.push_back(clip.id);
  return ids;
}

std::vector<SourceClip> find_grid_clips(const std::filesystem::path& root,
                                        const std::vector<std::string>& speakers = {}) {
  return find_clips(*open_corpus("grid", {.root = root, .speakers = speakers}));
}

/// The message that find_grid_clips() fails with.
std::string grid_error(const std::filesystem::path& root,
                       const std::vector<std::string>& speakers = {}) {
  try {
    find_grid_clips(root, speakers);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

TEST(GridSentence, SpellsEveryCommandColorPrepositionAndAdverb) {
  // The words of Cooke et al. 2006, table 1, one column per key.
  EXPECT_EQ(grid_sentence("bbaa1a"), "bin blue at a one again");
  EXPECT_EQ(grid_sentence("lgbb2n"), "lay green by b two now");
  EXPECT_EQ(grid_sentence("pric3p"), "place red in c three please");
  EXPECT_EQ(grid_sentence("swwd4s"), "set white with d four soon");
}

TEST(GridSentence, SpellsEveryLetter) {
  for (char letter = 'a'; letter <= 'z'; ++letter)
    EXPECT_EQ(grid_sentence(std::string("bba") + letter + "1a"),
              std::string("bin blue at ") + letter + " one again");
}

TEST(GridSentence, SpellsEveryDigitAndBothZeros) {
  const std::map<char, std::string> digits{{'z', "zero"},
                                           {'0', "zero"},
                                           {'1', "one"},
                                           {'2', "two"},
                                           {'3', "three"},
                                           {'4', "four"},
                                           {'5', "five"},
                                           {'6', "six"},
                                           {'7', "seven"},
                                           {'8', "eight"},
                                           {'9', "nine"}};

  for (const auto& [key, word] : digits)
    EXPECT_EQ(grid_sentence(std::string("bbaf") + key + "n"), "bin blue at f " + word + " now");
}

TEST(GridSentence, IsNothingForNamesOutsideTheGrammar) {
  for (const char* name : {"",
                           "bbaf2",
                           "bbaf2nn",
                           "xbaf2n",
                           "bxaf2n",
                           "bbxf2n",
                           "bbaF2n",
                           "bba12n",
                           "bbafan",
                           "bbaf2x",
                           "BBAF2N"})
    EXPECT_EQ(grid_sentence(name), std::nullopt) << name;
}

TEST(FindGridClips, TakesBothLayoutsInTheOrderOfTalkersAndNames) {
  const TemporaryFolder corpus;
  corpus.write("s10/bbaf2n.mpg", "x");
  corpus.write("s2/swwp2s.mpg", "x");
  corpus.write("s2/brbk7n.mpg", "x");
  corpus.write("s1/video/mpg_6000/lgbb2n.mpg", "x");

  EXPECT_THAT(ids_of(find_grid_clips(corpus.path())),
              ElementsAre("s1/lgbb2n", "s2/brbk7n", "s2/swwp2s", "s10/bbaf2n"));
}

TEST(FindGridClips, FillsSpeakerTextAndVideo) {
  const TemporaryFolder corpus;
  corpus.write("s27/bbbp8n.mpg", "x");

  const SourceClip clip = find_grid_clips(corpus.path()).at(0);

  EXPECT_EQ(clip.speaker, "s27");
  EXPECT_EQ(clip.text, "bin blue by p eight now");
  EXPECT_EQ(clip.video.path, corpus.path() / "s27/bbbp8n.mpg");
  EXPECT_EQ(clip.bytes, 1);
  EXPECT_EQ(clip.note, "");
  EXPECT_EQ(clip.fault, "");
}

TEST(FindGridClips, TakesOneOfAClipThatLiesInBothLayouts) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  corpus.write("s1/video/mpg_6000/bbaf2n.mpg", "x");

  const auto clips = find_grid_clips(corpus.path());

  ASSERT_EQ(clips.size(), 1U);
  EXPECT_EQ(clips[0].video.path, corpus.path() / "s1/bbaf2n.mpg");
}

TEST(FindGridClips, PassesOverWhatMacLeavesBehind) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  corpus.write("s1/._bbaf2n.mpg", "x");
  corpus.write("s1/.DS_Store", "x");
  corpus.write("s1/__MACOSX/s1/._bbaf3s.mpg", "x");
  corpus.write("__MACOSX/s1/bbaf3s.mpg", "x");
  corpus.write("splits/train.txt", "x");

  EXPECT_THAT(ids_of(find_grid_clips(corpus.path())), ElementsAre("s1/bbaf2n"));
}

TEST(FindGridClips, KeepsOnlyTheWantedSpeakers) {
  const TemporaryFolder corpus;
  for (const char* name : {"s1/bbaf2n.mpg", "s2/bbaf2n.mpg", "s3/bbaf2n.mpg"})
    corpus.write(name, "x");

  EXPECT_THAT(ids_of(find_grid_clips(corpus.path(), {"s3", "s1"})),
              ElementsAre("s1/bbaf2n", "s3/bbaf2n"));
}

TEST(FindGridClips, FaultsANameOutsideTheGrammar) {
  const TemporaryFolder corpus;
  corpus.write("s1/holiday.mpg", "x");

  const auto clips = find_grid_clips(corpus.path());

  ASSERT_EQ(clips.size(), 1U);
  EXPECT_THAT(clips[0].fault, AllOf(HasSubstr("bbaf2n.mpg"), HasSubstr("found holiday.mpg")));
}

TEST(FindGridClips, SaysNothingOfAnAlignmentThatAgrees) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  corpus.write("alignments/s1/bbaf2n.align",
               "0 23750 sil\n23750 29500 bin\n29500 34000 blue\n34000 35500 at\n35500 41000 f\n"
               "41000 44000 sp\n44000 47250 two\n47250 53000 now\r\n53000 74500 sil\n\n");

  EXPECT_EQ(find_grid_clips(corpus.path()).at(0).note, "");
}

TEST(FindGridClips, NotesAnAlignmentThatDisagreesAndKeepsTheTextOfTheName) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  corpus.write("s1/align/bbaf2n.align", "0 1000 sil\n1000 2000 set\n2000 3000 white\n");

  const SourceClip clip = find_grid_clips(corpus.path()).at(0);

  EXPECT_EQ(clip.text, "bin blue at f two now");
  EXPECT_EQ(clip.note, "alignment disagrees, text taken from the file name: aligned 'set white'");
}

TEST(FindGridClips, NotesAnAlignmentThatCannotBeRead) {
  for (const char* lines : {"", "0 1000\n", "0 x bin\n", "2000 1000 bin\n", "0 1000 bin blue\n"}) {
    const TemporaryFolder corpus;
    corpus.write("s1/bbaf2n.mpg", "x");
    corpus.write("alignments/s1/bbaf2n.align", lines);

    EXPECT_EQ(find_grid_clips(corpus.path()).at(0).note,
              "malformed alignment, text taken from the file name")
        << lines;
  }
}

TEST(FindGridClips, SaysWhatAMissingFolderShouldHaveBeen) {
  EXPECT_THAT(grid_error("/nowhere/grid"),
              AllOf(HasSubstr("/nowhere/grid"), HasSubstr("sN/<id>.mpg"), HasSubstr("nothing")));
}

TEST(FindGridClips, SaysWhatAnEmptyFolderShouldHold) {
  const TemporaryFolder corpus;

  EXPECT_THAT(grid_error(corpus.path()),
              AllOf(HasSubstr(corpus.path().string()),
                    HasSubstr("s1/bbaf2n.mpg"),
                    HasSubstr("found none; there is nothing at all")));
}

TEST(FindGridClips, SaysWhatLiesInAFolderThatIsNoneOfGrid) {
  const TemporaryFolder corpus;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"})
    corpus.write(std::string(name) + ".mpg", "x");

  EXPECT_THAT(grid_error(corpus.path()),
              HasSubstr("there is a.mpg, b.mpg, c.mpg, d.mpg, e.mpg and 2 more"));
}

TEST(FindGridClips, NamesASpeakerThatIsNotThere) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  corpus.write("s2/bbaf2n.mpg", "x");

  EXPECT_THAT(grid_error(corpus.path(), {"s1", "s21"}),
              AllOf(HasSubstr("s21"), HasSubstr("found s1, s2")));
}

TEST(FindGridClipsReference, FindsTheRealClipsAndTheirAlignmentsAgree) {
  const char* data = std::getenv("LIPSOUND2_DATA");
  if (!data)
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";

  const auto clips = find_grid_clips(std::filesystem::path(data) / "grid");

  // 400 clips of s1 and one each of s2, s20, s23, s27 (find grid -name '*.mpg' | wc -l).
  ASSERT_EQ(clips.size(), 404U);
  for (const SourceClip& clip : clips)
    EXPECT_EQ(clip.note + clip.fault, "") << clip.id;
  EXPECT_EQ(clips.back().id, "s27/bbbp8n");
}

std::vector<std::string> grid_remarks(const std::filesystem::path& root) {
  return open_corpus("grid", {.root = root, .speakers = {}})->find([](SourceClip) {});
}

TEST(FindGridClips, SaysOnceThatTalker21HasNoVideo) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  for (const char* name : {"bbad2n", "bbad3s", "bbad4p"})
    corpus.write(std::string("alignments/s21/") + name + ".align", "0 1000 sil\n");

  EXPECT_THAT(ids_of(find_grid_clips(corpus.path())), ElementsAre("s1/bbaf2n"));
  EXPECT_THAT(grid_remarks(corpus.path()),
              ElementsAre("talker 21 of GRID was recorded without video: nothing is missing"));
  EXPECT_THAT(grid_error(corpus.path(), {"s21"}),
              HasSubstr("speaker s21 (of whom GRID has no video), found s1"));
}

TEST(FindGridClips, NamesTalkersOfWhomThereAreAlignmentsAlone) {
  const TemporaryFolder corpus;
  corpus.write("s1/bbaf2n.mpg", "x");
  corpus.write("alignments/s2/bbad2n.align", "0 1000 sil\n");
  corpus.write("alignments/s10/bbad2n.align", "0 1000 sil\n");

  EXPECT_THAT(grid_remarks(corpus.path()),
              ElementsAre("alignments but no clips of 2 talkers: s2, s10"));
}

/// As in Zenodo's archive, where the alignments of s11, s12 and s15 belong to other clips.
TEST(FindGridClips, CountsAlignmentsThatBelongToOtherClipsInOneLineATalker) {
  const TemporaryFolder corpus;
  for (const char* name : {"bbaf2n", "bbaf3s", "bbaf4p"}) {
    corpus.write(std::string("s1/") + name + ".mpg", "x");
    corpus.write(std::string("s11/") + name + ".mpg", "x");
    corpus.write(std::string("s12/") + name + ".mpg", "x");
  }
  corpus.write("alignments/s11/bbaf2n.align", "0 1000 set\n1000 2000 white\n");
  corpus.write("alignments/s11/bbaf4p.align", "0 1000\n");
  corpus.write("alignments/s11/bgwf5a.align", "0 1000 bin\n");
  corpus.write("alignments/s12/bgwf5a.align", "0 1000 bin\n");

  const auto clips = find_grid_clips(corpus.path(), {"s11"});

  ASSERT_EQ(clips.size(), 3U);
  EXPECT_EQ(clips[0].text, "bin blue at f two now");
  EXPECT_THAT(clips[0].note, HasSubstr("alignment disagrees"));
  EXPECT_EQ(clips[1].note, "");
  EXPECT_THAT(clips[2].note, HasSubstr("malformed alignment"));
  EXPECT_THAT(
      grid_remarks(corpus.path()),
      ElementsAre("s11: alignments of 3 clips: 2 of other words, 1 missing; the text is that of "
                  "the file names",
                  "s12: alignments of 3 clips: 3 missing; the text is that of the file names"));
}

TEST(FindGridClips, KnowsTheSexOfTheTalkersButNotOfDrawnOnes) {
  const TemporaryFolder corpus;
  for (int talker = 1; talker <= 35; ++talker)
    corpus.write(fmt::format("s{}/bbaf2n.mpg", talker), "x");
  std::string women;
  std::int64_t men = 0;
  for (const SourceClip& clip : find_grid_clips(corpus.path())) {
    women += clip.sex == Sex::kFemale ? clip.speaker + " " : "";
    men += clip.sex == Sex::kMale;
  }

  EXPECT_EQ(women, "s4 s7 s11 s15 s16 s18 s20 s22 s23 s24 s25 s29 s31 s33 s34 ");
  EXPECT_EQ(men, 18);
  corpus.write("demo_corpus.txt", "drawn");
  for (const SourceClip& clip : find_grid_clips(corpus.path()))
    EXPECT_EQ(clip.sex, Sex::kUnknown) << clip.id;
}

}  // namespace
}  // namespace lipsound2::corpora
