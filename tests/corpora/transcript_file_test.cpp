#include "transcript_file.h"

#include <gmock/gmock.h>

#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::TemporaryFolder;
using ::testing::HasSubstr;

Transcript transcript_of(const std::string& bytes) {
  const TemporaryFolder folder;
  folder.write("a.txt", bytes);
  return read_transcript(folder / "a.txt");
}

TEST(TranscriptFile, JoinsPlainLines) {
  const Transcript found = transcript_of("\xef\xbb\xbfHello  there,\r\n\r\n good\tday \r\n");

  EXPECT_EQ(found.text, "Hello there, good day");
  EXPECT_TRUE(found.timed.empty());
  EXPECT_EQ(found.note, "");
}

TEST(TranscriptFile, TakesTheWordsOfTimedLines) {
  const Transcript found =
      transcript_of("0.00 0.31 she\n0.31 0.52 had\r\n0.52 1.7 your dark suit\n");

  EXPECT_EQ(found.text, "she had your dark suit");
  ASSERT_EQ(found.timed.size(), 3U);
  EXPECT_EQ(found.timed[2].start, 0.52);
  EXPECT_EQ(found.timed[2].end, 1.7);
  EXPECT_EQ(found.timed[2].words, "your dark suit");
}

TEST(TranscriptFile, TakesALineOfTimitWithItsSamples) {
  EXPECT_EQ(transcript_of("0 46797 She had your dark suit.\n").text, "She had your dark suit.");
}

TEST(TranscriptFile, KeepsNumbersThatAreNoTimes) {
  EXPECT_EQ(transcript_of("1 2 3 4\n").text, "1 2 3 4");
  EXPECT_EQ(transcript_of("3 2 one goes down\n").text, "3 2 one goes down");
  EXPECT_EQ(transcript_of("0.1 0.5 timed\nnot timed\n").text, "0.1 0.5 timed not timed");
}

TEST(TranscriptFile, NotesATextThatIsEmptyOrNotUtf8) {
  EXPECT_EQ(transcript_of(" \r\n").note, "transcript left out, it is empty");
  const Transcript gbk = transcript_of("\xc4\xe3\xba\xc3\n");  // "hello" in GBK
  EXPECT_EQ(gbk.text, "");
  EXPECT_EQ(gbk.note, "transcript left out, it is not UTF-8");
}

TEST(TranscriptFile, GivesTheFirstLineAlone) {
  const TemporaryFolder folder;
  folder.write("a.txt", "\xef\xbb\xbf来关注中国经济新亮点\r\n0.42 0.60 来\n0.60 0.91 关注\n");

  EXPECT_EQ(first_line(read_file(folder / "a.txt")).text, "来关注中国经济新亮点");
}

TEST(Utf8, IsTakenAsTheUnicodeStandardDefinesIt) {
  // Table 3-7 of the Unicode Standard 15: well-formed byte sequences.
  for (const char* good :
       {"", "a", "é", "来", "\xf0\x9f\x91\x84", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80",
                          "\xc3",
                          "\xc0\xaf",
                          "\xe6\x9d",
                          "\xe0\x9f\xbf",
                          "\xed\xa0\x80",
                          "\xf4\x90\x80\x80",
                          "\xf0\x8f\xbf\xbf",
                          "\xff",
                          "\xc3(",
                          "\xf8\x88\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

}  // namespace
}  // namespace lipsound2::corpora
