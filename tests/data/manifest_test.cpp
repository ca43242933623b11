#include "lipsound2/data/manifest.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "manifest_line.h"
#include "support/temporary_folder.h"

namespace lipsound2::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ManifestEntry sample_entry() {
  ManifestEntry entry;
  entry.id = "s1/bbaf2n";
  entry.speaker = "s1";
  entry.split = "train";
  entry.text = "bin blue at f two \"now\" \u00fc";
  entry.frames = 75;
  entry.samples = 48000;
  entry.shard = "shards/train-00000.tar";
  entry.offset = 1024;
  entry.bytes = 300032;
  entry.crc32 = 4294967295U;
  entry.note = "sound padded by 352 samples";
  return entry;
}

std::string manifest_error(const std::string& content) {
  const testing::TemporaryFolder folder;
  write_file(folder.path() / "manifest.jsonl", content);
  try {
    read_manifest(folder.path() / "manifest.jsonl");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

/// The sample line with one text in it replaced.
std::string edited_line(const std::string& before, const std::string& after) {
  std::string line = to_json_line(sample_entry());
  EXPECT_THAT(line, HasSubstr(before));
  return line.replace(line.find(before), before.size(), after);
}

TEST(Manifest, ReadsBackWhatItWrites) {
  const testing::TemporaryFolder folder;
  ManifestEntry other = sample_entry();
  other.id = "s2/lbax4n";
  other.fps = 29.97;
  write_file(folder.path() / "m.jsonl",
             to_json_line(sample_entry()) + "\n" + to_json_line(other) + "\n");

  const std::vector<ManifestEntry> entries = read_manifest(folder.path() / "m.jsonl");

  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(to_json_line(entries[0]), to_json_line(sample_entry()));
  EXPECT_EQ(to_json_line(entries[1]), to_json_line(other));
  EXPECT_EQ(entries[1].fps, 29.97);
  EXPECT_EQ(entries[0].text, sample_entry().text);
}

TEST(Manifest, HoldsTheSexOnlyWhereItIsKnown) {
  const testing::TemporaryFolder folder;
  ManifestEntry known = sample_entry();
  known.id = "id00012/x/00001";
  known.sex = "m";
  write_file(folder.path() / "m.jsonl",
             to_json_line(sample_entry()) + "\n" + to_json_line(known) + "\n");

  const std::vector<ManifestEntry> entries = read_manifest(folder.path() / "m.jsonl");

  EXPECT_THAT(to_json_line(known), HasSubstr("\"sex\":\"m\""));
  EXPECT_THAT(to_json_line(sample_entry()), Not(HasSubstr("sex")));
  EXPECT_EQ(entries[0].sex, "");
  EXPECT_EQ(entries[1].sex, "m");
}

TEST(Manifest, NamesFileAndLineOfBadJson) {
  EXPECT_THAT(manifest_error(to_json_line(sample_entry()) + "\n{\"id\": \"s1/x\", \n"),
              HasSubstr("manifest.jsonl:2: expected one JSON object, found text that is not JSON: "
                        "{\"id\": \"s1/x\""));
}

TEST(Manifest, NamesAMissingField) {
  EXPECT_THAT(manifest_error(edited_line("\"frames\":", "\"frame\":")),
              HasSubstr("manifest.jsonl:1: field 'frames' is missing"));
}

TEST(Manifest, NamesAFieldOfTheWrongType) {
  EXPECT_THAT(manifest_error(edited_line(":75,", ":\"75\",")),
              HasSubstr("field 'frames': expected a whole number from 1 to 2147483647, found "
                        "\"75\""));
  EXPECT_THAT(manifest_error(edited_line("\"s1\"", "1")),
              HasSubstr("field 'speaker': expected a text, found 1"));
}

TEST(Manifest, RefusesNumbersOutOfRange) {
  EXPECT_THAT(manifest_error(edited_line(":1024,", ":-512,")), HasSubstr("field 'offset'"));
  EXPECT_THAT(manifest_error(edited_line("4294967295", "4294967296")), HasSubstr("'crc32'"));
  EXPECT_THAT(manifest_error(edited_line(":48000,", ":18446744073709551615,")),
              HasSubstr("field 'samples'"));
  EXPECT_THAT(manifest_error(edited_line(":25.0,", ":0,")), HasSubstr("a number above 0"));
}

TEST(Manifest, RefusesAnIdThatComesTwice) {
  const std::string line = to_json_line(sample_entry()) + "\n";

  EXPECT_THAT(manifest_error(line + line),
              HasSubstr("manifest.jsonl:2: expected every id once, found 's1/bbaf2n' again (first "
                        "on line 1)"));
}

TEST(Manifest, ReportsAMissingFileAsInputError) {
  try {
    read_manifest("nowhere/manifest.jsonl");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("nowhere/manifest.jsonl"));
  }
}

TEST(Manifest, ReportsAFolderAsInputError) {
  const testing::TemporaryFolder folder;

  EXPECT_THAT([&] { read_manifest(folder.path()); },
              ::testing::ThrowsMessage<Error>(HasSubstr("cannot read")));
}

TEST(ManifestLine, IsScannedWhenItIsAsWeWriteIt) {
  ManifestEntry entry = sample_entry();
  entry.text = "plain";
  entry.sex = "f";
  const auto scanned = scan_entry(to_json_line(entry));

  ASSERT_TRUE(scanned.has_value());
  EXPECT_EQ(to_json_line(*scanned), to_json_line(entry));
  EXPECT_FALSE(scan_entry(to_json_line(sample_entry())).has_value());  // Quotes are escaped.
}

/// Every line with one byte changed, left out or doubled: whatever the fast reader takes, the exact
/// one takes too, and finds the same in it.
TEST(ManifestLine, IsNeverScannedToAnythingElseThanItIs) {
  ManifestEntry entry = sample_entry();
  entry.text = "plain";
  entry.sex = "f";
  entry.fps = 29.97;
  const std::string line = to_json_line(entry);
  const std::string replacements("\"\\{}[],:.-+eE019a \t\x00\x7f\x80\xc3", 23);
  int scanned_lines = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    std::vector<std::string> edited(3, line);
    edited[0].erase(i, 1);
    edited[1].insert(i, 1, line[i]);
    edited[2].resize(i);
    for (const char c : replacements) {
      edited.push_back(line);
      edited.back()[i] = c;
    }
    for (const std::string& text : edited) {
      const auto scanned = scan_entry(text);
      if (!scanned)
        continue;
      ++scanned_lines;
      ASSERT_EQ(to_json_line(*scanned), to_json_line(parse_entry(text, "x"))) << text;
    }
  }
  EXPECT_GT(scanned_lines, 300);
}

}  // namespace
}  // namespace lipsound2::data
