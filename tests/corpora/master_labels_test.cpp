#include "master_labels.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<LabelFile> labels_of(const std::string& bytes) {
  const TemporaryFolder folder;
  folder.write("a.mlf", bytes);
  return read_master_labels(folder / "a.mlf");
}

std::string label_error(const std::string& bytes) {
  try {
    labels_of(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

TEST(MasterLabels, AreReadFileByFile) {
  const auto files = labels_of(
      "#!MLF!#\r\n"
      "\"Q:\\Videos\\TCD-TIMIT\\lipspeakers\\Lipspkr1\\Clips\\straightcam\\sa1.rec\"\r\n"
      "0 4600000 sil\r\n4600000 5300000 sh -52.3\r\n5300000 5600000 iy\r\n.\r\n"
      "\"*/01M/sx11.lab\"\nhe\nran\n.\n");

  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].name, "Q:/Videos/TCD-TIMIT/lipspeakers/Lipspkr1/Clips/straightcam/sa1.rec");
  EXPECT_THAT(files[0].labels, ElementsAre("sil", "sh", "iy"));
  EXPECT_EQ(files[1].name, "*/01M/sx11.lab");
  EXPECT_THAT(files[1].labels, ElementsAre("he", "ran"));
}

TEST(MasterLabels, TellPhonesFromWords) {
  EXPECT_TRUE(are_phones({"sil", "sh", "iy", "HH", "ae", "d", "sil"}));
  EXPECT_FALSE(are_phones({"she", "had"}));
}

TEST(MasterLabels, AreRefusedWithTheLine) {
  EXPECT_THAT(label_error("\"a\"\n.\n"), HasSubstr("line 1: expected #!MLF!#"));
  EXPECT_THAT(label_error("#!MLF!#\n0 1 sil\n"), HasSubstr("line 2: expected a quoted file name"));
  EXPECT_THAT(label_error("#!MLF!#\n\"a\"\n0 1\n"), HasSubstr("line 3: expected start, end and"));
  EXPECT_THAT(label_error("#!MLF!#\n\"a\"\n0 1 sil\n\"b\"\n"), HasSubstr("line 4: expected start"));
  EXPECT_THAT(label_error("#!MLF!#\n\"a\"\n0 1 sil\n"), HasSubstr("expected a dot at the end"));
}

}  // namespace
}  // namespace lipsound2::corpora
