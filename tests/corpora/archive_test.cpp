#include "archive.h"

#include <thread>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

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
using ::testing::Pair;

std::vector<std::pair<std::string, std::int64_t>> members_of(const Archive& archive) {
  std::vector<std::pair<std::string, std::int64_t>> members;
  archive.visit([&](const Archive::Member& member) {
    members.emplace_back(std::string(member.name), member.bytes);
  });
  return members;
}

/// Bytes that neither repeat nor shrink.
std::string noise(std::size_t size, std::uint32_t seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>((seed = seed * 1664525U + 1013904223U) >> 24);
  return bytes;
}

/// Archive "big_part*" of three parts; its members are a few times larger than what is read at
/// once.
class PartedArchive : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint32_t i = 0; i < 6; ++i)
      members_.emplace_back("mp4/clip" + std::to_string(i), noise(600'000 + 1000 * i, i));
    write_zip(folder_ / "big.zip", members_);
    split_file(folder_ / "big.zip", "big_part", 3);
  }
  std::vector<std::filesystem::path> parts() const { return find_archives(folder_.path()).at(0); }

  TemporaryFolder folder_;
  ZipMembers members_;
};

TEST(Archive, ReadsStoredAndDeflatedMembersInTheOrderOfTheirNames) {
  for (const Packing packing : {Packing::kStored, Packing::kDeflated}) {
    const TemporaryFolder folder;
    write_zip(
        folder / "a.zip",
        {{"s1/", ""}, {"s1/b.mpg", std::string(5000, 'b')}, {"s1/a.mpg", "aa"}, {"empty", ""}},
        packing);

    const Archive archive({folder / "a.zip"});

    EXPECT_THAT(members_of(archive),
                ElementsAre(Pair("empty", 0), Pair("s1/a.mpg", 2), Pair("s1/b.mpg", 5000)));
    EXPECT_EQ(archive.read("s1/b.mpg"), std::string(5000, 'b'));
    EXPECT_EQ(archive.read("s1/a.mpg"), "aa");
    EXPECT_EQ(archive.read("empty"), "");
    EXPECT_TRUE(archive.holds("s1/a.mpg"));
    EXPECT_FALSE(archive.holds("s1/c.mpg"));
  }
}

TEST(Archive, PassesOverWhatMacLeavesBehind) {
  const TemporaryFolder folder;
  write_zip(folder / "s1.zip",
            {{"s1/bbaf2n.mpg", "x"},
             {"s1/._bbaf2n.mpg", "x"},
             {"__MACOSX/s1/bbaf2n.mpg", "x"},
             {"s1/__MACOSX/bbaf2n.mpg", "x"},
             {"._s1", "x"}});

  EXPECT_THAT(members_of(Archive({folder / "s1.zip"})), ElementsAre(Pair("s1/bbaf2n.mpg", 1)));
}

TEST(Archive, NamesAMemberThatIsNotThere) {
  const TemporaryFolder folder;
  write_zip(folder / "a.zip", {{"a", "x"}});
  const Archive archive({folder / "a.zip"});

  EXPECT_THAT(error_text([&] { archive.read("s1/b.mpg"); }),
              AllOf(HasSubstr("a.zip: s1/b.mpg: "), HasSubstr("No such file")));
  EXPECT_EQ(archive.read("a"), "x");
}

TEST(Archive, NamesADamagedMemberAndReadsTheOthers) {
  const TemporaryFolder folder;
  write_zip(folder / "a.zip", {{"good", noise(3000, 1)}, {"bad", noise(3000, 2)}});
  std::string bytes = read_file(folder / "a.zip");
  bytes[bytes.find(noise(3000, 2)) + 1500] ^= 1;
  write_file(folder / "a.zip", bytes);
  const Archive archive({folder / "a.zip"});

  EXPECT_THAT(error_text([&] { archive.read("bad"); }),
              AllOf(HasSubstr("a.zip: bad: damaged archive member"), HasSubstr("CRC")));
  EXPECT_EQ(archive.read("good"), noise(3000, 1));
}

TEST(Archive, TakesMoreThan65535Members) {
  const TemporaryFolder folder;
  ZipMembers members;
  for (int i = 0; i < 66'000; ++i)
    members.emplace_back(fmt::format("id{:05}/x/00001.mp4", i), std::to_string(i));
  write_zip(folder / "a.zip", members);

  const Archive archive({folder / "a.zip"});

  EXPECT_EQ(members_of(archive).size(), 66'000U);
  EXPECT_EQ(archive.read("id65999/x/00001.mp4"), "65999");
}

TEST(Archive, SaysWhatIsThereInsteadOfAnArchive) {
  const TemporaryFolder folder;
  folder.write("tar_partaa", std::string(257, 'x') + "ustar" + std::string(2000, 'x'));
  folder.write("text.zip", "not found");
  folder.write("empty.zip", "");

  EXPECT_THAT(error_text([&] { Archive({folder / "tar_partaa"}); }),
              HasSubstr("it is a tar archive: unpack it"));
  EXPECT_THAT(error_text([&] { Archive({folder / "text.zip"}); }),
              AllOf(HasSubstr("text.zip: expected a zip archive, found 9 bytes that are none"),
                    HasSubstr("does not begin as a zip archive does")));
  EXPECT_THAT(error_text([&] { Archive({folder / "empty.zip"}); }), HasSubstr("found 0 bytes"));
  EXPECT_THAT(error_text([&] { Archive({folder / "none.zip"}); }, ErrorKind::kIo),
              HasSubstr("none.zip: cannot read: No such file"));
}

TEST_F(PartedArchive, IsReadAcrossTheEndsOfItsParts) {
  const Archive archive(parts());

  EXPECT_EQ(archive.name(), folder_ / "big_part*");
  for (const auto& [name, bytes] : members_)
    EXPECT_EQ(archive.read(name), bytes) << name;
}

TEST_F(PartedArchive, IsReadBySeveralThreads) {
  const Archive archive(parts());
  std::vector<std::thread> threads;
  std::vector<int> right(4);

  for (int& count : right)
    threads.emplace_back([&] {
      for (const auto& [name, bytes] : members_)
        count += archive.read(name) == bytes;
    });
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_THAT(right, ElementsAre(6, 6, 6, 6));
}

TEST_F(PartedArchive, MustNotLackAPart) {
  std::filesystem::remove(folder_ / "big_partab");
  EXPECT_THAT(error_text([&] { find_archives(folder_.path()); }),
              AllOf(HasSubstr("big_partab: expected it before big_partac, found none")));
  std::filesystem::remove(folder_ / "big_partac");
  std::filesystem::rename(folder_ / "big_partaa", folder_ / "big_partac");
  EXPECT_THAT(error_text([&] { find_archives(folder_.path()); }),
              HasSubstr("big_partaa: expected it before"));
}

TEST_F(PartedArchive, MustNotLackItsLastPart) {
  std::filesystem::remove(folder_ / "big_partac");

  EXPECT_THAT(error_text([&] { Archive archive(parts()); }),
              AllOf(HasSubstr("big_part*: expected a zip archive"),
                    HasSubstr("its end is not there"),
                    HasSubstr("big_partab"),
                    HasSubstr("or the parts that follow it are missing")));
}

TEST_F(PartedArchive, MustNotBeCutAtItsEnd) {
  std::filesystem::resize_file(folder_ / "big_partac", 1000);
  EXPECT_THAT(error_text([&] { Archive archive(parts()); }),
              HasSubstr("big_partac (1000 bytes) is cut"));
}

TEST_F(PartedArchive, MustNotBeCutWithin) {
  std::filesystem::resize_file(folder_ / "big_partab", 1000);
  EXPECT_THAT(error_text([&] { Archive archive(parts()); }),
              HasSubstr("big_partab is cut: it has 1000 bytes and big_partaa has"));
}

TEST_F(PartedArchive, ReportsADiskThatFailsAsSuch) {
  const Archive archive(parts());
  std::filesystem::resize_file(folder_ / "big_partaa", 1000);

  EXPECT_THAT(error_text([&] { archive.read(members_[0].first); }, ErrorKind::kIo),
              AllOf(HasSubstr("big_partaa: cannot read byte"), HasSubstr("has become shorter")));
  EXPECT_EQ(archive.read(members_[5].first), members_[5].second);
}

TEST(FindArchives, TakesZipsAndPartsAndNothingElse) {
  const TemporaryFolder folder;
  for (const char* name :
       {"b.zip", "a_partaa", "a_partab", "._b.zip", "notes_partial", "x.tar", "c.zipaa"})
    folder.write(name, "x");
  make_folder(folder / "d.zip");

  const auto found = find_archives(folder.path());

  EXPECT_THAT(found,
              ElementsAre(ElementsAre(folder / "a_partaa", folder / "a_partab"),
                          ElementsAre(folder / "b.zip")));
}

}  // namespace
}  // namespace lipsound2::corpora
