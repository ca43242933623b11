#include "lipsound2/data/shard.h"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <zlib.h>

#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"
#include "support/toy_corpus.h"
#include "tar.h"

namespace lipsound2::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Three pictures and a sound that only need to be bytes.
StoredClip raw_clip(const std::string& id) {
  return {id, {"first", "second picture", std::string("\xff\xd8\x00", 3)}, std::string(700, 'f')};
}

ManifestEntry raw_entry(const std::string& id) {
  ManifestEntry entry = testing::toy_entry(/*clip=*/0, /*frames=*/3);
  entry.id = id;
  entry.shard = "a.tar";
  return entry;
}

/// A shard with the clips "s1/one" and "s1/two"; returns their entries.
std::vector<ManifestEntry> write_two(const std::filesystem::path& folder) {
  std::vector<ManifestEntry> entries = {raw_entry("s1/one"), raw_entry("s1/two")};
  ShardWriter writer(folder / "a.tar");
  for (ManifestEntry& entry : entries)
    writer.add(entry, raw_clip(entry.id));
  writer.commit();
  return entries;
}

std::string output_of(const std::string& command) {
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string output;
  char block[256];
  while (std::fgets(block, sizeof block, pipe) != nullptr)
    output += block;
  ::pclose(pipe);
  return output;
}

Error read_error(const std::filesystem::path& folder, const ManifestEntry& entry) {
  try {
    read_clip(folder, entry);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::kUsage, "no error"};
}

TEST(Shard, ReadsBackEveryClipByItsPlace) {
  const testing::TemporaryFolder folder;
  for (const ManifestEntry& entry : write_two(folder.path())) {
    const StoredClip clip = read_clip(folder.path(), entry);

    EXPECT_EQ(clip.id, entry.id);
    EXPECT_EQ(clip.faces, raw_clip(entry.id).faces);
    EXPECT_EQ(clip.flac, raw_clip(entry.id).flac);
  }
}

TEST(Shard, IsListedByTarWithDotsEscaped) {
  const testing::TemporaryFolder folder;
  ShardWriter writer(folder.path() / "a.tar");
  ManifestEntry entry = raw_entry("s1/take.2 50%");
  writer.add(entry, raw_clip(entry.id));
  writer.commit();

  EXPECT_EQ(output_of("tar tf " + (folder.path() / "a.tar").string()),
            "s1/take%2E2 50%25.json\ns1/take%2E2 50%25.faces.mjpeg\ns1/take%2E2 50%25.flac\n");
  EXPECT_EQ(read_clip(folder.path(), entry).id, "s1/take.2 50%");
}

TEST(Shard, KeepsLongIdsInThePrefixOfTheHeader) {
  const testing::TemporaryFolder folder;
  const std::string id = std::string(120, 'a') + "/" + std::string(80, 'b');
  ShardWriter writer(folder.path() / "a.tar");
  ManifestEntry entry = raw_entry(id);
  writer.add(entry, raw_clip(id));
  writer.commit();

  EXPECT_THAT(output_of("tar tf " + (folder.path() / "a.tar").string()),
              HasSubstr(id + ".faces.mjpeg\n"));
  EXPECT_EQ(read_clip(folder.path(), entry).id, id);
}

TEST(Shard, RefusesIdsThatATarHeaderCannotHold) {
  const testing::TemporaryFolder folder;
  ShardWriter writer(folder.path() / "a.tar");
  for (const std::string& id :
       {std::string(101, 'a'), std::string(160, 'a') + "/b", std::string("/a"), std::string()}) {
    ManifestEntry entry = raw_entry(id);
    EXPECT_THROW(writer.add(entry, raw_clip(id)), Error) << id;
  }
}

TEST(Shard, HasEqualBytesForEqualClips) {
  const testing::TemporaryFolder one;
  const testing::TemporaryFolder two;
  write_two(one.path());
  write_two(two.path());

  EXPECT_EQ(read_file(one.path() / "a.tar"), read_file(two.path() / "a.tar"));
}

TEST(Shard, HoldsPicturesThatPlayAsMotionJpegAndSoundThatFlacPlayersKnow) {
  const testing::TemporaryFolder folder;
  testing::write_toy_corpus(folder.path(), /*clips=*/1, /*frames=*/10);
  const std::string place = folder.path().string();
  output_of("tar xf " + place + "/shard-0.tar -C " + place);
  const std::string probe = "ffprobe -v error -count_frames -show_entries ";

  EXPECT_EQ(output_of(probe + "stream=codec_name,width,height,nb_read_frames -of csv=p=0 " + place +
                      "/toy/clip0.faces.mjpeg"),
            "mjpeg,112,112,10\n");
  EXPECT_EQ(output_of(probe + "stream=codec_name,sample_rate,channels -of csv=p=0 " + place +
                      "/toy/clip0.flac"),
            "flac,16000,1\n");
}

TEST(ShardFault, AMissingShardIsAnInputError) {
  const Error error = read_error("nowhere", raw_entry("s1/one"));

  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_STREQ(error.what(),
               "nowhere/a.tar: clip 's1/one': cannot read the shard: No such file or directory");
}

TEST(ShardFault, ATruncatedShardIsAnInputError) {
  const testing::TemporaryFolder folder;
  const auto entries = write_two(folder.path());
  std::filesystem::resize_file(folder.path() / "a.tar",
                               static_cast<std::uintmax_t>(entries[1].offset + 600));

  const Error error = read_error(folder.path(), entries[1]);

  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("a.tar: clip 's1/two'"), HasSubstr("it was cut short")));
  EXPECT_NO_THROW(read_clip(folder.path(), entries[0]));
}

TEST(ShardFault, EveryEditedByteIsNoticed) {
  const testing::TemporaryFolder folder;
  const auto entries = write_two(folder.path());
  const std::string whole = read_file(folder.path() / "a.tar");

  for (std::int64_t i = 0; i < entries[1].bytes; i += 97) {
    std::string edited = whole;
    edited[static_cast<std::size_t>(entries[1].offset + i)] ^= 1;
    write_file(folder.path() / "a.tar", edited);
    const Error error = read_error(folder.path(), entries[1]);

    ASSERT_EQ(error.kind(), ErrorKind::kData) << "byte " << i;
    ASSERT_THAT(error.what(),
                AllOf(HasSubstr("a.tar: clip 's1/two'"), HasSubstr("edited or damaged")));
  }
}

TEST(ShardFault, AnotherClipsPlaceIsNoticed) {
  const testing::TemporaryFolder folder;
  const auto entries = write_two(folder.path());
  ManifestEntry swapped = entries[0];
  swapped.offset = entries[1].offset;
  swapped.bytes = entries[1].bytes;
  swapped.crc32 = entries[1].crc32;

  const Error error = read_error(folder.path(), swapped);

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("found 3 members, the first 's1/two.json'"));
}

TEST(ShardFault, APlaceBetweenMembersIsNoticed) {
  const testing::TemporaryFolder folder;
  ManifestEntry entry = write_two(folder.path())[0];
  const std::string whole = read_file(folder.path() / "a.tar");
  entry.offset += 512;
  entry.crc32 = static_cast<std::uint32_t>(
      ::crc32_z(0,
                reinterpret_cast<const unsigned char*>(whole.data()) + entry.offset,
                static_cast<std::size_t>(entry.bytes)));

  const Error error = read_error(folder.path(), entry);

  EXPECT_EQ(error.kind(), ErrorKind::kData);
  EXPECT_THAT(error.what(), HasSubstr("expected the ustar header of a regular file as member 1"));
}

TEST(ShardFault, SizesWhoseSumOverflowsAreNoticed) {
  const std::string bytes =
      tar_member("s1/one.json", R"({"id":"s1/one","faces":[18446744073709551615,6]})") +
      tar_member("s1/one.faces.mjpeg", "abcde") + tar_member("s1/one.flac", "");
  ManifestEntry entry = raw_entry("s1/one");
  entry.frames = 2;
  entry.crc32 = static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));

  try {
    parse_clip(bytes, entry, "a.tar");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("expected sizes in 'faces', found 18446744073709551615"));
  }
}

TEST(ShardFault, AManifestWithAnotherNumberOfPicturesIsNoticed) {
  const testing::TemporaryFolder folder;
  ManifestEntry entry = write_two(folder.path())[0];
  entry.frames = 4;

  EXPECT_THAT(read_error(folder.path(), entry).what(), HasSubstr("expected 4 pictures"));
}

}  // namespace
}  // namespace lipsound2::data
