#include "lipsound2/data/clip_list.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "support/temporary_folder.h"

namespace lipsound2::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Every field differs from clip to clip, but for the split: "train" or, every third, "test".
std::vector<ManifestEntry> varied_entries(int count) {
  std::vector<ManifestEntry> entries;
  for (int i = 0; i < count; ++i) {
    ManifestEntry entry;
    entry.id = fmt::format("s{}/clip", i);
    entry.speaker = fmt::format("s{}", i % 4);
    entry.sex = std::string(static_cast<std::size_t>(i % 2), 'm');
    entry.split = i % 3 == 2 ? "test" : "train";
    entry.text = std::string(static_cast<std::size_t>(i), 't');
    entry.frames = 75 + i;
    entry.fps = 25 + 0.5 * i;
    entry.samples = (std::int64_t{1} << 40) + i;
    entry.rate = 16000 + i;
    entry.shard = fmt::format("{}.tar", i / 2);
    entry.offset = (std::int64_t{1} << 41) + i;
    entry.bytes = (std::int64_t{1} << 42) + i;
    entry.crc32 = 4294967295U - static_cast<std::uint32_t>(i);
    entry.note = i % 2 == 0 ? "" : fmt::format("note {}", i);
    entries.push_back(entry);
  }
  return entries;
}

std::vector<std::string> lines_of(const std::vector<ManifestEntry>& entries) {
  std::vector<std::string> lines;
  for (const ManifestEntry& entry : entries)
    lines.push_back(to_json_line(entry));
  return lines;
}

TEST(ClipList, GivesBackEveryFieldOfEveryClip) {
  const auto entries = varied_entries(20);
  const ClipList clips(entries);

  EXPECT_EQ(lines_of(clips.entries()), lines_of(entries));
  EXPECT_EQ(clips.id(7), "s7/clip");
  EXPECT_EQ(clips.frames(7), 82);
  EXPECT_EQ(clips.samples(7), (std::int64_t{1} << 40) + 7);
  EXPECT_EQ(clips.place(7).shard, 3u);
  EXPECT_EQ(clips.place(7).offset, entries[7].offset);
  EXPECT_EQ(clips.place(7).bytes, entries[7].bytes);
}

TEST(ClipList, ReadsAManifestAsReadManifestDoes) {
  const testing::TemporaryFolder folder;
  std::string lines;
  for (const std::string& line : lines_of(varied_entries(50)))
    lines += line + "\n";
  folder.write("m.jsonl", lines);

  EXPECT_EQ(lines_of(ClipList::read(folder / "m.jsonl").entries()),
            lines_of(read_manifest(folder / "m.jsonl")));

  folder.write("twice.jsonl", lines + lines);
  EXPECT_THAT(
      [&] { ClipList::read(folder / "twice.jsonl"); },
      ThrowsMessage<Error>(HasSubstr(
          "twice.jsonl:51: expected every id once, found 's0/clip' again (first on line 1)")));
}

TEST(ClipList, SelectsSplitsAndPositionsInTheirOrder) {
  const ClipList clips(varied_entries(9));
  const ClipList test = clips.split("test", "m.jsonl");

  ASSERT_EQ(test.size(), 3u);
  EXPECT_EQ(test[1].id, "s5/clip");
  const ClipList chosen = test.at({2, 0});
  EXPECT_EQ(chosen[0].id, "s8/clip");
  EXPECT_EQ(chosen.id(1), "s2/clip");
  EXPECT_EQ(ClipList().size(), 0u);
}

TEST(ClipList, NamesTheSplitsThatExist) {
  const ClipList clips(varied_entries(9));

  EXPECT_THAT(
      [&] { clips.split("valid", "m.jsonl"); },
      ThrowsMessage<Error>("m.jsonl: expected clips of split 'valid', found only test, train"));
  EXPECT_THAT(
      [] { ClipList().split("valid", "m.jsonl"); },
      ThrowsMessage<Error>("m.jsonl: expected clips of split 'valid', found no clips at all"));
}

}  // namespace
}  // namespace lipsound2::data
