#include "lipsound2/eval/transcript.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"

namespace lipsound2::eval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

// The id and text of each clip in a file of this name and content.
std::map<std::string, std::string> texts_in(const std::string& name, const std::string& content) {
  const lipsound2::testing::TemporaryFolder folder;
  folder.write(name, content);
  std::map<std::string, std::string> texts;
  for (const auto& [id, clip] : read_transcript(folder / name))
    texts[id] = clip.text;
  return texts;
}

void expect_refused(const std::string& name,
                    const std::string& content,
                    const std::string& message) {
  try {
    texts_in(name, content);
    ADD_FAILURE() << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), AllOf(HasSubstr(name), HasSubstr(message)));
  }
}

TEST(Transcript, OfKaldiHasTheIdBeforeTheFirstSpace) {
  EXPECT_THAT(texts_in("text", "s1_a bin blue\n\ns1_b\ns1_c  at f \n"),
              ElementsAre(Pair("s1_a", "bin blue"), Pair("s1_b", ""), Pair("s1_c", " at f ")));
}

TEST(Transcript, WithATabHasTheIdBeforeIt) {
  EXPECT_THAT(texts_in("ref.tsv", "clip 1\tbin blue\r\nclip 2\t\r\n"),
              ElementsAre(Pair("clip 1", "bin blue"), Pair("clip 2", "")));
}

TEST(Transcript, OfScliteHasTheIdAtTheEnd) {
  const std::string lines = ";; made by hand\nbin (well) blue (s1-a)\n(s1-b) \n今天(s1-c)";

  for (const char* name : {"ref.trn", "ref", "ref.txt"})
    EXPECT_THAT(
        texts_in(name, lines),
        ElementsAre(Pair("s1-a", "bin (well) blue "), Pair("s1-b", ""), Pair("s1-c", "今天")))
        << name;
}

TEST(Transcript, OfATextFileOfOneLineIsOneClip) {
  EXPECT_THAT(texts_in("a.txt", "bin blue at\n"), ElementsAre(Pair("", "bin blue at")));
  EXPECT_THAT(texts_in("a.txt", ""), ElementsAre(Pair("", "")));
  EXPECT_THAT(texts_in("a.txt", "a\tbin blue\n"), ElementsAre(Pair("a", "bin blue")));
  EXPECT_THAT(texts_in("a.txt", "a bin\nb blue\n"),
              ElementsAre(Pair("a", "bin"), Pair("b", "blue")));
}

TEST(Transcript, LosesAByteOrderMark) {
  EXPECT_THAT(texts_in("ref",
                       "\xEF\xBB\xBF"
                       "a bin\n"),
              ElementsAre(Pair("a", "bin")));
}

TEST(Transcript, OfAFolderTakesItsTextFiles) {
  const lipsound2::testing::TemporaryFolder folder;
  folder.write("s1.txt", "bin\nblue\n");
  folder.write("s2.txt", "");
  folder.write("s1.wav", "\xFF");

  const auto clips = read_transcript(folder.path());

  EXPECT_THAT(clips, SizeIs(2));
  EXPECT_EQ(clips.at("s1").text, "bin\nblue\n");
  EXPECT_EQ(clips.at("s1").place, (folder / "s1.txt").string());
  EXPECT_EQ(clips.at("s2").text, "");
}

TEST(Transcript, IsRefusedWithFileAndLine) {
  expect_refused("ref", "a bin\nb \xFF\n", "ref:2: expected UTF-8, found byte 0xFF at byte 2");
  expect_refused("ref", "a bin\nb blue\na at\n", "ref:3: the id a stands in ");
  expect_refused("ref", "a bin\n blue\n", "ref:2: expected an id");
  expect_refused("ref.tsv", "\tbin\n", "ref.tsv:1: expected an id");
  expect_refused("ref.trn", "bin (a)\nblue\n", "ref.trn:2: expected 'text (id)'");
  expect_refused("ref.trn", "bin { blue / glue } (a)\n", "ref.trn:1: alternatives in braces");
  expect_refused("ref", "\n \n", "expected a clip in a line");
  expect_refused("ref.trn", "", "expected a clip in a line");
}

TEST(Transcript, ThatIsNotThereIsAnErrorOfInput) {
  const lipsound2::testing::TemporaryFolder folder;
  try {
    read_transcript(folder / "none");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("none: no such file or folder"));
  }
  try {
    read_transcript(folder.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("holds no .txt file"));
  }
}

}  // namespace
}  // namespace lipsound2::eval
