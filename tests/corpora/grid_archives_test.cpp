#include <gmock/gmock.h>

#include "lipsound2/corpora/prepare.h"

#include "grid.h"
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

constexpr const char* kBinBlue =
    "0 1000 sil\n1000 2000 bin\n2000 3000 blue\n3000 4000 at\n"
    "4000 5000 f\n5000 6000 two\n6000 7000 now\n";

struct FoundGrid {
  std::vector<SourceClip> clips;
  std::vector<std::string> remarks;
};

FoundGrid look_for_grid(const std::filesystem::path& root,
                        const std::vector<std::string>& speakers = {}) {
  FoundGrid found;
  found.remarks = GridReader({.root = root, .speakers = speakers}).find([&](SourceClip clip) {
    found.clips.push_back(std::move(clip));
  });
  return found;
}

std::vector<std::string> grid_lines(const FoundGrid& found) {
  std::vector<std::string> lines;
  for (const SourceClip& clip : found.clips)
    lines.push_back(clip.id + " " + std::to_string(clip.bytes) + " " + clip.note + clip.fault);
  return lines;
}

/// As Zenodo's record 3625687 has them, with what macOS left in.
void write_zenodo(const std::filesystem::path& root) {
  write_zip(root / "s2.zip",
            {{"s2/", ""},
             {"s2/bbaf2n.mpg", "xyz"},
             {"s2/._bbaf2n.mpg", "debris"},
             {"s2/.DS_Store", "debris"},
             {"__MACOSX/", ""},
             {"__MACOSX/s2/", ""},
             {"__MACOSX/s2/._bbaf2n.mpg", "debris"},
             {"__MACOSX/._s2", "debris"}},
            Packing::kDeflated);
  write_zip(root / "s11.zip", {{"s11/bbaf3s.mpg", "x"}, {"s11/bbaf2n.mpg", "xx"}});
  write_zip(root / "alignments.zip",
            {{"alignments/s2/bbaf2n.align", kBinBlue},
             {"__MACOSX/alignments/s2/._bbaf2n.align", "debris"},
             {"alignments/s11/bbaf2n.align", "0 1000 set\n"},
             {"alignments/s11/lgbb2n.align", kBinBlue},
             {"alignments/s21/bbaf2n.align", kBinBlue}},
            Packing::kDeflated);
  write_zip(root / "audio_25k.zip", {{"audio_25k/s2/bbaf2n.wav", "sound"}});
}

TEST(GridArchives, AreReadInPlaceWithTheirAlignments) {
  const TemporaryFolder folder;
  write_zenodo(folder.path());

  const FoundGrid found = look_for_grid(folder.path());

  EXPECT_THAT(
      grid_lines(found),
      ElementsAre("s2/bbaf2n 3 ",
                  "s11/bbaf2n 2 alignment disagrees, text taken from the file name: aligned "
                  "'set'",
                  "s11/bbaf3s 1 "));
  EXPECT_EQ(*footage_of(found.clips[0]).video.bytes, "xyz");
  EXPECT_EQ(found.clips[0].video.name(), (folder / "s2.zip").string() + ": s2/bbaf2n.mpg");
  EXPECT_THAT(found.remarks,
              ElementsAre("talker 21 of GRID was recorded without video: nothing is missing",
                          HasSubstr("s11: alignments of 2 clips: 1 of other words, 1 missing")));
}

TEST(GridArchives, MayLackTheFolderOfTheTalker) {
  const TemporaryFolder folder;
  write_zip(folder / "s7.mpg_vcd.zip", {{"bbaf2n.mpg", "x"}, {"video/bbaf3s.mpg", "x"}});

  EXPECT_THAT(grid_lines(look_for_grid(folder.path())),
              ElementsAre("s7/bbaf2n 1 ", "s7/bbaf3s 1 "));
}

TEST(GridArchives, YieldToUnpackedFilesOfTheirSize) {
  const TemporaryFolder folder;
  write_zip(folder / "s1.zip",
            {{"s1/bbaf2n.mpg", "four"}, {"s1/bbaf3s.mpg", "whole"}, {"s1/bbaf4p.mpg", "packed"}});
  folder.write("s1/bbaf2n.mpg", "same");
  folder.write("s1/bbaf3s.mpg", "cut");  // as an unzip that was killed leaves it

  const FoundGrid found = look_for_grid(folder.path());

  EXPECT_THAT(grid_lines(found), ElementsAre("s1/bbaf2n 4 ", "s1/bbaf3s 5 ", "s1/bbaf4p 6 "));
  EXPECT_EQ(found.clips[0].video.archive, nullptr);
  EXPECT_EQ(*footage_of(found.clips[1]).video.bytes, "whole");
  EXPECT_THAT(
      found.remarks,
      ElementsAre("in an archive and unpacked beside it: 1 file; what is unpacked is read",
                  AllOf(HasSubstr("another size than in the archive beside it: 1 file, such as"),
                        HasSubstr("s1/bbaf3s.mpg; the archive is read"))));
}

TEST(GridArchives, OfOtherTalkersAreNotOpened) {
  const TemporaryFolder folder;
  write_zenodo(folder.path());
  folder.write("s3.zip", "half a download");

  EXPECT_THAT(grid_lines(look_for_grid(folder.path(), {"s2"})), ElementsAre("s2/bbaf2n 3 "));
  EXPECT_THAT(look_for_grid(folder.path(), {"s2"}).remarks, IsEmpty());
  EXPECT_THAT(error_text([&] { look_for_grid(folder.path()); }),
              AllOf(HasSubstr("s3.zip"), HasSubstr("expected a zip archive")));
  EXPECT_THAT(error_text([&] { look_for_grid(folder.path(), {"s4"}); }),
              HasSubstr("expected clips of speaker s4, found s2, s3, s11"));
}

TEST(GridArchives, GiveTheSameShardsAsUnpackedFiles) {
  if (!real_data())
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const TemporaryFolder folder;
  const auto data = *real_data() / "grid";
  const std::string clip = read_file(data / "s20/brbk7n.mpg");
  const std::string alignment = read_file(data / "alignments/s20/brbk7n.align");
  folder.write("unpacked/s20/brbk7n.mpg", clip);
  folder.write("unpacked/alignments/s20/brbk7n.align", alignment);
  write_zip(folder / "packed/s20.zip", {{"s20/brbk7n.mpg", clip}}, Packing::kDeflated);
  write_zip(folder / "packed/alignments.zip", {{"alignments/s20/brbk7n.align", alignment}});
  std::vector<std::string> written;
  for (const char* kind : {"unpacked", "packed"}) {
    PrepareConfig config;
    config.root = folder / kind;
    config.out = folder / (std::string(kind) + "-out");
    prepare(config);
    written.push_back(read_file(config.out / "manifest.jsonl") +
                      read_file(config.out / "shards/00000.tar"));
  }
  EXPECT_THAT(written[0], HasSubstr(R"("sex":"f")"));
  EXPECT_TRUE(written[0] == written[1]);
}

}  // namespace
}  // namespace lipsound2::corpora
