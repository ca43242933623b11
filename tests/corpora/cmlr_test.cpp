#include "cmlr.h"

#include <map>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/error.h"
#include "lipsound2/corpora/prepare.h"
#include "lipsound2/data/manifest.h"

#include "prepare_plan.h"
#include "real_clip.h"
#include "support/error_text.h"
#include "support/temporary_folder.h"
#include "zip_file.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::error_text;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kSection = "20170121/section_1_000.80_002.91";

/// One clip in its three trees.
void write_cmlr(const TemporaryFolder& folder, const std::string& clip, const std::string& text) {
  write_unsafely(folder / ("cmlr/video/" + clip + ".mp4"), "xx");
  write_unsafely(folder / ("cmlr/audio/" + clip + ".wav"), "xxx");
  write_unsafely(folder / ("cmlr/text/" + clip + ".txt"), text);
}

std::vector<SourceClip> cmlr_clips(const TemporaryFolder& folder,
                                   const std::vector<std::string>& speakers = {}) {
  return find_clips(CmlrReader({.root = folder / "cmlr", .speakers = speakers}));
}

TEST(Cmlr, IsFoundInItsThreeTrees) {
  const TemporaryFolder folder;
  write_cmlr(folder, "s10/20170121/section_1_000.80_002.91", "来关注\n0.1 0.2 来\n");
  write_cmlr(folder, "s2/20131019/section_1_010.46_012.70", "\xef\xbb\xbf今天的改革发展新景象\r\n");

  const auto clips = cmlr_clips(folder);

  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[0].id, "s2/20131019/section_1_010.46_012.70");
  EXPECT_EQ(clips[0].speaker, "s2");
  EXPECT_EQ(clips[0].text, "今天的改革发展新景象");
  EXPECT_EQ(clips[0].video.path,
            (folder / "cmlr/video/s2/20131019/section_1_010.46_012.70.mp4").string());
  EXPECT_EQ(clips[0].sound.path,
            (folder / "cmlr/audio/s2/20131019/section_1_010.46_012.70.wav").string());
  EXPECT_EQ(clips[0].bytes, 5);
  EXPECT_EQ(clips[1].text, "来关注");
  EXPECT_EQ(clips[1].note + clips[1].fault, "");
}

TEST(Cmlr, KeepsStemsApartThatDifferAfterADot) {
  const TemporaryFolder folder;
  write_cmlr(folder, "s1/20170121/section_1_000.80_002.91", "甲");
  write_cmlr(folder, "s1/20170121/section_1_000.80_003.91", "乙");

  const auto clips = cmlr_clips(folder);

  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[0].text, "甲");
  EXPECT_EQ(clips[1].text, "乙");
}

TEST(Cmlr, FaultsAClipWithoutSoundOrWithoutVideoAndNotesOneWithoutText) {
  const TemporaryFolder folder;
  const std::string date = "s1/20170121/";
  folder.write("cmlr/video/" + date + "section_1_000.80_002.91.mp4", "x");
  folder.write("cmlr/audio/" + date + "section_2_000.80_002.91.wav", "x");
  folder.write("cmlr/video/" + date + "section_3_000.80_002.91.mp4", "x");
  folder.write("cmlr/audio/" + date + "section_3_000.80_002.91.wav", "x");

  const auto clips = cmlr_clips(folder);

  ASSERT_EQ(clips.size(), 3U);
  EXPECT_THAT(clips[0].fault, HasSubstr("expected its sound"));
  EXPECT_THAT(clips[1].fault, HasSubstr("expected a video beside the sound"));
  EXPECT_THAT(clips[1].video.path, HasSubstr("video/s1/20170121/section_2_000.80_002.91.mp4"));
  EXPECT_EQ(clips[2].fault, "");
  EXPECT_EQ(clips[2].note, "no transcript");
}

TEST(Cmlr, NotesATextThatIsNotUtf8) {
  const TemporaryFolder folder;
  write_cmlr(folder, std::string("s1/") + kSection, "\xc4\xe3\xba\xc3\n");

  EXPECT_EQ(cmlr_clips(folder).at(0).note, "transcript left out, it is not UTF-8");
}

TEST(Cmlr, KeepsOnlyTheWantedSpeakers) {
  const TemporaryFolder folder;
  for (const char* speaker : {"s1/", "s2/", "s3/"})
    write_cmlr(folder, std::string(speaker) + kSection, "来");

  EXPECT_EQ(cmlr_clips(folder, {"s3"}).size(), 1U);
  EXPECT_THAT(error_text([&] { cmlr_clips(folder, {"s12"}); }),
              HasSubstr("expected clips of speaker s12, found s1, s2, s3"));
}

TEST(Cmlr, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { cmlr_clips(folder); }), HasSubstr("found nothing"));
  folder.write("cmlr/video/s1/20170121/a.mp4", "x");
  EXPECT_THAT(error_text([&] { cmlr_clips(folder); }),
              AllOf(HasSubstr("expected CMLR's audio/s1/20170121/section_1_000.80_002.91.wav"),
                    HasSubstr("or audio/s1.zip"),
                    HasSubstr("found none")));
  folder.write("cmlr/audio/s1.zip", "x");
  EXPECT_THAT(error_text([&] { cmlr_clips(folder); }),
              AllOf(HasSubstr("audio/s1.zip"), HasSubstr("expected a zip archive")));
}

/// As the distributor ships them: a zip file per speaker in video and audio, one of all texts.
TEST(Cmlr, IsReadFromTheDistributorsArchives) {
  const TemporaryFolder folder;
  const std::string section = kSection;
  write_zip(folder / "cmlr/video/s1.zip",
            {{"s1/" + section + ".mp4", "xx"}, {"__MACOSX/s1/._" + section + ".mp4", "debris"}});
  write_zip(folder / "cmlr/video/s10.zip", {{section + ".mp4", "xxxx"}});
  write_zip(folder / "cmlr/audio/s1.zip", {{"audio/s1/" + section + ".wav", "xxx"}});
  write_zip(folder / "cmlr/audio/s10.zip", {{"s10/" + section + ".wav", "xxxx"}});
  write_zip(folder / "cmlr/text.zip",
            {{"text/s1/" + section + ".txt", "来关注\n0.1 0.2 来\n"},
             {"text/s10/" + section + ".txt", "今天"}},
            Packing::kDeflated);

  const auto clips = cmlr_clips(folder);

  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[0].id, "s1/" + section);
  EXPECT_EQ(clips[0].text, "来关注");
  EXPECT_EQ(clips[0].bytes, 5);
  EXPECT_EQ(clips[0].note + clips[0].fault, "");
  EXPECT_EQ(clips[1].id, "s10/" + section);
  EXPECT_EQ(clips[1].text, "今天");
  EXPECT_EQ(clips[1].bytes, 8);
  EXPECT_EQ(*footage_of(clips[0]).sound.bytes, "xxx");
  EXPECT_EQ(cmlr_clips(folder, {"s10"}).size(), 1U);
  write_cmlr(folder, "s1/" + section, "来关注");
  EXPECT_EQ(cmlr_clips(folder).at(0).video.archive, nullptr);
}

TEST(Cmlr, HasAnOfficialAndAnUnseenSplit) {
  const TemporaryFolder folder;
  for (const char* clip : {"s1/20170121/section_1_000.80_002.91",
                           "s1/20170121/section_2_000.80_002.91",
                           "s1/20170122/section_1_000.80_002.91",
                           "s2/20170121/section_1_000.80_002.91",
                           "s6/20170121/section_1_000.80_002.91"})
    write_cmlr(folder, clip, "来");
  folder.write("cmlr/train.csv",
               "\xef\xbb\xbfs1/20170121_section_1_000.80_002.91\r\n"
               "s2/20170121_section_1_000.80_002.91\r\n\r\n");
  folder.write("cmlr/val.csv", "s1/20170121/section_2_000.80_002.91\n");
  folder.write("cmlr/test.csv", "s1/20170122_section_1_000.80_002.91\n");
  const CmlrReader reader({.root = folder / "cmlr", .speakers = {}});

  const std::vector<SourceClip> clips = find_clips(reader);

  EXPECT_THAT(reader.split_names(), ElementsAre("official", "unseen"));
  ASSERT_EQ(clips.size(), 5U);
  const auto split_of = [&](const char* name, std::size_t clip) {
    return reader.splits(name).split_of(clips[clip]).value_or("none");
  };
  const std::vector<std::string> official{"train", "valid", "test", "train", "none"};
  const std::vector<std::string> unseen{"train", "valid", "train", "test", "none"};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(split_of("official", i), official[i]) << i;
    EXPECT_EQ(split_of("unseen", i), unseen[i]) << i;
  }
}

TEST(Cmlr, IsSplitByItsListsWhereNoSplitIsAskedFor) {
  const TemporaryFolder folder;
  for (const char* clip : {"s1/20170121/a", "s1/20170122/a", "s2/20170121/a"})
    write_cmlr(folder, clip, "来");
  PrepareConfig config;
  config.corpus = "cmlr";
  config.root = folder / "cmlr";
  EXPECT_EQ(make_plan(config).clips.size(), 3U);  // by hash
  folder.write("cmlr/train.csv", "s1/20170121_a\ns1/20170123_a\n");
  folder.write("cmlr/test.csv", "s2/20170121_a\n");

  const Plan plan = make_plan(config);

  ASSERT_EQ(plan.clips.size(), 2U);
  EXPECT_EQ(plan.clips[0].split, "train");
  EXPECT_EQ(plan.clips[1].split, "test");
  EXPECT_EQ(plan.left_out, 1);
  EXPECT_THAT(plan.missing, ElementsAre("s1/20170123/a"));
  EXPECT_THAT(plan.remarks,
              ElementsAre("official lists that are missing: val.csv",
                          "split official: 1 clip for training, published are 71448",
                          "split official: 0 clips for validation, published are 10206",
                          "split official: 1 clip for testing, published are 20418"));
  const auto by_default = plan_lines(plan, config);
  config.splits = "official";
  EXPECT_THAT(config::differences(by_default, plan_lines(make_plan(config), config)), IsEmpty());
}

TEST(Cmlr, RefusesDamagedLists) {
  const TemporaryFolder folder;
  write_cmlr(folder, std::string("s1/") + kSection, "来");
  const CmlrReader reader({.root = folder / "cmlr", .speakers = {}});
  EXPECT_THAT(error_text([&] { reader.splits("official"); }), HasSubstr("found none of them"));
  EXPECT_THAT(error_text([&] { reader.splits("offical"); }, ErrorKind::kUsage),
              HasSubstr("one of official, unseen, found offical"));
  folder.write("cmlr/train.csv", "s1/20170121_section_1_000.80_002.91\nholiday\n");
  EXPECT_THAT(error_text([&] { reader.splits("official"); }),
              AllOf(HasSubstr("train.csv: line 2"), HasSubstr("found 'holiday'")));
  folder.write("cmlr/train.csv", "s1/20170121_section_1_000.80_002.91\n");
  folder.write("cmlr/test.csv", "s1/20170121_section_1_000.80_002.91\n");
  EXPECT_THAT(error_text([&] { reader.splits("official"); }),
              AllOf(HasSubstr("test.csv"), HasSubstr("which is in that for train too")));
}

TEST(CmlrReference, ReadsTheRealTestList) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  std::string csv;
  std::map<std::string, std::string> texts;
  for (const auto& [id, text] : label_lines("CMLR_test")) {
    std::string line = id;
    line[line.find('/', line.find('/') + 1)] = '_';
    csv += line + "\n";
    texts[id] = text;
    if (texts.size() % 20 == 1)  // files of some only: 60,000 would take long
      write_cmlr(folder, id, text + "\n0.00 0.10 x\n");
  }
  folder.write("cmlr/test.csv", csv);
  const CmlrReader reader({.root = folder / "cmlr", .speakers = {}});

  const Splits official = reader.splits("official");
  const auto clips = find_clips(reader);

  EXPECT_EQ(official.listed().size(), 20418U);
  EXPECT_EQ(clips.size(), 1021U);
  std::map<std::string, int> speakers;
  for (const auto& [id, split] : official.listed())
    ++speakers[id.substr(0, id.find('/'))];
  // Of the test list, by speaker (zcat CMLR_test.ref.gz | cut -d/ -f1 | sort | uniq -c).
  EXPECT_EQ(speakers["s1"], 647);
  EXPECT_EQ(speakers["s10"], 1064);
  EXPECT_EQ(speakers["s11"], 2208);
  for (const SourceClip& clip : clips) {
    EXPECT_EQ(clip.text, texts.at(clip.id));
    EXPECT_EQ(official.split_of(clip), "test");
    EXPECT_EQ(clip.note + clip.fault, "");
  }
}

TEST(CmlrEndToEnd, IsPreparedFromSilentVideosAndTheirSounds) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  const video::FaceClip clip = real_clip("s1/bbaf2n.mpg", 160);
  const std::string name = std::string("s1/") + kSection;
  write_clip(folder / ("cmlr/video/" + name + ".mp4"), clip, {.width = 160, .height = 160}, {});
  folder.write("cmlr/audio/" + name + ".wav", audio::encode_wav(clip.sound));
  folder.write("cmlr/text/" + name + ".txt", "来关注中国经济新亮点\n0.42 0.60 来\n");
  const std::string other = "s1/20170121/section_1_003.00_006.00";
  write_clip(folder / ("cmlr/video/" + other + ".mp4"), clip, {.width = 160, .height = 160}, {});
  folder.write("cmlr/audio/" + other + ".wav", "no sound at all");
  PrepareConfig config;
  config.corpus = "cmlr";
  config.root = folder / "cmlr";
  config.out = folder / "out";

  const PrepareReport report = prepare(config);

  EXPECT_THAT(report.census.rejects, ElementsAre(Pair(HasSubstr("sound file, expected"), 1)));
  const auto entries = data::read_manifest(folder / "out/manifest.jsonl");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].id, name);
  EXPECT_EQ(entries[0].text, "来关注中国经济新亮点");
  EXPECT_EQ(entries[0].frames, 75);
  EXPECT_EQ(entries[0].samples, 48000);
  EXPECT_EQ(entries[0].note, "");
}

}  // namespace
}  // namespace lipsound2::corpora
