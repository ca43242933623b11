#include "voxceleb2.h"

#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/corpora/prepare.h"
#include "lipsound2/data/manifest.h"

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

constexpr const char* kVox2Meta =
    "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \n"
    "id00012 ,\tn000012 , m , dev \r\n"
    "id00017 , n000017 ,f\t, test\n";

std::vector<SourceClip> vox2_clips(const std::filesystem::path& root,
                                   const std::vector<std::string>& speakers = {}) {
  return find_clips(VoxCeleb2Reader({.root = root, .speakers = speakers}));
}

std::vector<std::string> vox2_lines(const std::vector<SourceClip>& clips) {
  std::vector<std::string> lines;
  for (const SourceClip& clip : clips)
    lines.push_back(clip.id + " " + clip.speaker + " " + std::string(name_of(clip.sex)) + " " +
                    std::string(name_of(clip.split)) + " " + std::to_string(clip.bytes));
  return lines;
}

TEST(VoxCeleb2, TakesSexAndSetFromTheListWithBlanksAndTabsAroundItsCommas) {
  const TemporaryFolder folder;
  folder.write("vox2_meta.csv", kVox2Meta);
  folder.write("dev/mp4/id00012/21Uxsk56VDQ/00001.mp4", "abc");
  folder.write("test/mp4/id00017/01dfn2spqyE/00002.mp4", "ab");
  EXPECT_THAT(vox2_lines(vox2_clips(folder.path())),
              ElementsAre("id00012/21Uxsk56VDQ/00001 id00012 m train 3",
                          "id00017/01dfn2spqyE/00002 id00017 f test 2"));
}

TEST(VoxCeleb2, TakesTheSetFromTheListWhereNoFolderTellsIt) {
  const TemporaryFolder folder;
  folder.write("vox2_meta.csv", kVox2Meta);
  folder.write("faces/mp4/id00017/01dfn2spqyE/00002.mp4", "ab");
  EXPECT_THAT(vox2_lines(vox2_clips(folder / "faces")),
              ElementsAre("id00017/01dfn2spqyE/00002 id00017 f test 2"));
}

TEST(VoxCeleb2, FindsTheListFromAnyOfItsFolders) {
  const TemporaryFolder folder;
  folder.write("vox2_meta.csv", kVox2Meta);
  folder.write("dev/mp4/id00012/a/00001.mp4", "x");
  for (const char* root : {"", "dev", "dev/mp4"})
    EXPECT_EQ(vox2_clips(folder / root).at(0).sex, Sex::kMale) << root;
  const TemporaryFolder inside;
  inside.write("test/vox2_meta.csv", kVox2Meta);
  inside.write("test/mp4/id00017/a/00001.mp4", "x");
  EXPECT_EQ(vox2_clips(inside.path()).at(0).sex, Sex::kFemale);
}

TEST(VoxCeleb2, TakesNoSetFromFoldersAboveItsOwn) {
  const TemporaryFolder folder;
  folder.write("dev/vox/test/mp4/id00017/a/00001.mp4", "x");
  folder.write("dev/vox/mp4/id00012/a/00001.mp4", "x");
  folder.write("test/vox/dev/mp4/id00012/a/00001.mp4", "x");
  folder.write("test/vox/id00015/a/00001.mp4", "x");
  write_zip(folder / "test/packed/part.zip", {{"id00016/a/00001.mp4", "x"}});
  EXPECT_THAT(vox2_lines(vox2_clips(folder / "dev/vox")),
              ElementsAre("id00012/a/00001 id00012  train 1", "id00017/a/00001 id00017  test 1"));
  EXPECT_THAT(vox2_lines(vox2_clips(folder / "test/vox")),
              ElementsAre("id00015/a/00001 id00015  train 1", "id00012/a/00001 id00012  train 1"));
  EXPECT_THAT(vox2_lines(vox2_clips(folder / "test/packed")),
              ElementsAre("id00016/a/00001 id00016  train 1"));
  EXPECT_THAT(vox2_lines(vox2_clips(folder / "dev/vox/test/mp4")),
              ElementsAre("id00017/a/00001 id00017  test 1"));
}

TEST(VoxCeleb2, SaysWhomTheListDoesNotName) {
  const TemporaryFolder folder;
  folder.write("vox2_meta.csv", kVox2Meta);
  folder.write("dev/mp4/id00012/a/00001.mp4", "x");
  folder.write("dev/mp4/id00099/a/00001.mp4", "x");
  EXPECT_THAT(
      VoxCeleb2Reader({.root = folder.path(), .speakers = {}}).find([](SourceClip) {}),
      ElementsAre("vox2_meta.csv names all but 1 of 2 speakers, such as id00099: their sex is "
                  "not known",
                  "dev: 2 clips, published are 1092009"));
}

TEST(VoxCeleb2, GivesAboutOneSpeakerInAHundredToValidationAndNoneToTwoSplits) {
  const TemporaryFolder folder;
  std::map<std::string, std::set<std::string>> splits;
  for (int speaker = 0; speaker < 400; ++speaker)
    for (const char* video : {"a", "b"})
      folder.write(fmt::format("dev/mp4/id{:05}/{}/00001.mp4", speaker, video), "x");
  std::map<std::string, int> speakers;
  for (const SourceClip& clip : vox2_clips(folder.path()))
    splits[clip.speaker].insert(std::string(name_of(clip.split)));
  for (const auto& [speaker, names] : splits) {
    EXPECT_EQ(names.size(), 1U) << speaker;
    ++speakers[*names.begin()];
  }
  EXPECT_THAT(speakers["valid"], AllOf(::testing::Ge(1), ::testing::Le(12)));
  EXPECT_EQ(speakers["valid"] + speakers["train"], 400);
}

TEST(VoxCeleb2, ReadsTheDistributorsArchivesInPlace) {
  const TemporaryFolder folder;
  folder.write("vox2_meta.csv", kVox2Meta);
  write_zip(folder / "whole.zip",
            {{"dev/mp4/id00012/21Uxsk56VDQ/00001.mp4", std::string(500, 'a')},
             {"dev/mp4/id00012/21Uxsk56VDQ/00002.mp4", std::string(700, 'b')}});
  split_file(folder / "whole.zip", "vox2_dev_mp4_part", 3);
  write_zip(folder / "vox2_test_mp4.zip", {{"mp4/id00017/01dfn2spqyE/00002.mp4", "ab"}});
  write_zip(folder / "vox2_test_aac.zip", {{"aac/id00017/01dfn2spqyE/00002.mp4", "no picture"}});
  const auto clips = vox2_clips(folder.path());
  EXPECT_THAT(vox2_lines(clips),
              ElementsAre("id00012/21Uxsk56VDQ/00001 id00012 m train 500",
                          "id00012/21Uxsk56VDQ/00002 id00012 m train 700",
                          "id00017/01dfn2spqyE/00002 id00017 f test 2"));
  EXPECT_EQ(*footage_of(clips[1]).video.bytes, std::string(700, 'b'));
}

TEST(VoxCeleb2, TakesEachClipOnceWhereItsArchiveLiesBesideItsFolder) {
  const TemporaryFolder folder;
  folder.write("vox2_meta.csv", kVox2Meta);
  write_zip(folder / "test/vox2_test_mp4.zip",
            {{"mp4/id00017/a/00001.mp4", "four"},
             {"mp4/id00017/a/00002.mp4", "whole"},
             {"mp4/id00017/a/00003.mp4", "packed"}});
  folder.write("test/mp4/id00017/a/00001.mp4", "same");
  folder.write("test/mp4/id00017/a/00002.mp4", "cut");  // as an unzip that was killed leaves it
  folder.write("test/mp4/id00017/a/00004.mp4", "x");
  std::vector<SourceClip> clips;

  const auto remarks =
      VoxCeleb2Reader({.root = folder.path(), .speakers = {}}).find([&](SourceClip clip) {
        clips.push_back(std::move(clip));
      });

  EXPECT_THAT(vox2_lines(clips),
              ElementsAre("id00017/a/00001 id00017 f test 4",
                          "id00017/a/00004 id00017 f test 1",
                          "id00017/a/00002 id00017 f test 5",
                          "id00017/a/00003 id00017 f test 6"));
  EXPECT_EQ(clips[0].video.archive, nullptr);
  EXPECT_NE(clips[2].video.archive, nullptr);
  EXPECT_THAT(remarks,
              ElementsAre("in an archive and unpacked beside it: 1 file; what is unpacked is read",
                          HasSubstr("1 file, such as id00017/a/00002; the archive is read"),
                          "test: 4 clips, published are 36237"));
}

TEST(VoxCeleb2, KeepsTheWantedSpeakersAndMissesThoseThatAreNotThere) {
  const TemporaryFolder folder;
  folder.write("dev/mp4/id00012/a/00001.mp4", "x");
  folder.write("dev/mp4/id00015/a/00001.mp4", "x");
  EXPECT_EQ(vox2_clips(folder.path(), {"id00015"}).size(), 1U);
  EXPECT_THAT(error_text([&] { vox2_clips(folder.path(), {"id00099"}); }),
              HasSubstr("expected clips of speaker id00099, found id00012, id00015"));
  for (int i = 100; i < 150; ++i)
    folder.write(fmt::format("dev/mp4/id00{}/a/00001.mp4", i), "x");
  EXPECT_THAT(error_text([&] { vox2_clips(folder.path(), {"id00099"}); }),
              HasSubstr("found 52 speakers, such as id00012, id00015, id00100, id00101, id00102"));
}

TEST(VoxCeleb2, SaysWhatItDoesNotFindOrUnderstand) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { vox2_clips(folder.path()); }),
              AllOf(HasSubstr(folder.path().string()),
                    HasSubstr("dev/mp4/id00012"),
                    HasSubstr("found none")));
  folder.write("dev/mp4/id00012/a/00001.mp4", "x");
  EXPECT_THAT(
      VoxCeleb2Reader({.root = folder.path(), .speakers = {}}).find([](SourceClip) {}),
      ElementsAre(HasSubstr("vox2_meta.csv is missing"), "dev: 1 clip, published are 1092009"));
  folder.write("vox2_meta.csv", "id00012 , n000012 , x , dev\n");
  EXPECT_THAT(error_text([&] { vox2_clips(folder.path()); }),
              AllOf(HasSubstr("vox2_meta.csv:1"), HasSubstr("expected"), HasSubstr("x , dev")));
}

TEST(VoxCeleb2, PreparesRealClipsFromAFolderAndFromAnArchiveToTheSameBytes) {
  if (!real_data())
    GTEST_SKIP() << "needs LIPSOUND2_DATA";
  const TemporaryFolder folder;
  const std::string clip = read_file(*real_data() / "voxceleb2_samples" / "00002.mp4");
  folder.write("unpacked/test/mp4/id00017/video/00002.mp4", clip);
  write_zip(folder / "packed/vox2_test_mp4.zip", {{"test/mp4/id00017/video/00002.mp4", clip}});
  std::vector<std::string> manifests;
  for (const char* kind : {"unpacked", "packed"}) {
    PrepareConfig config;
    config.corpus = "voxceleb2";
    config.root = folder / kind;
    config.out = folder / (std::string(kind) + "-out");
    prepare(config);
    manifests.push_back(read_file(config.out / "manifest.jsonl"));
  }
  EXPECT_THAT(manifests[0], HasSubstr(R"("id":"id00017/video/00002")"));
  EXPECT_EQ(manifests[0], manifests[1]);
}

}  // namespace
}  // namespace lipsound2::corpora
