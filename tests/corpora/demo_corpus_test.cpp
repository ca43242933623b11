#include "lipsound2/corpora/demo_corpus.h"

#include <map>
#include <sstream>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "demo_clip.h"
#include "support/temporary_folder.h"

namespace lipsound2::corpora {
namespace {

using lipsound2::testing::files_below;
using lipsound2::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

void expect_demo_error(const DemoCorpusConfig& config, ErrorKind kind, const std::string& text) {
  try {
    make_demo_corpus(config);
    FAIL() << "no error with '" << text << "'";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(DemoCorpus, WritesGridsLayoutAndTheSameBytesForTheSameSeed) {
  const TemporaryFolder folder;
  make_demo_corpus({.out = folder.path() / "a", .clips = 3, .speakers = 2, .seed = 5});
  make_demo_corpus({.out = folder.path() / "b", .clips = 3, .speakers = 2, .seed = 5});
  const std::map<std::string, std::string> files = files_below(folder.path() / "a");

  EXPECT_EQ(files, files_below(folder.path() / "b"));
  EXPECT_EQ(files.size(), 7U);
  for (const auto& [name, bytes] : files)
    EXPECT_THAT(name,
                MatchesRegex("(s[12]/|alignments/s[12]/)[blps][bgrw][abiw][a-z][1-9z][anps]\\.(mpg|"
                             "align)|demo_corpus\\.txt"));
}

TEST(DemoCorpus, AlignsTheWordsOfTheId) {
  const demo::Sentence sentence = demo::make_sentence(31415);
  const demo::Utterance clip = demo::speak_clip(demo::make_person(2, 1), sentence, /*seed=*/3);

  std::istringstream lines(demo::alignment(clip));
  std::vector<std::string> words;
  long begin = 0;
  long end = 0;
  std::string word;
  long last_end = 0;
  while (lines >> begin >> end >> word) {
    EXPECT_EQ(begin, last_end);
    EXPECT_LT(begin, end);
    EXPECT_EQ(end % 250, 0);
    last_end = end;
    words.push_back(word);
  }
  EXPECT_EQ(last_end, 74500);  // as in GRID's own files
  ASSERT_EQ(words.size(), 8U);
  EXPECT_EQ(words.front(), "sil");
  EXPECT_EQ(words.back(), "sil");
  for (std::size_t i = 0; i < sentence.words.size(); ++i)
    EXPECT_EQ(words[i + 1], sentence.words[i]);
}

TEST(DemoCorpus, LeavesSilenceOnBothSides) {
  for (std::int64_t speaker = 1; speaker <= 4; ++speaker) {
    const demo::Utterance clip =
        demo::speak_clip(demo::make_person(speaker, 1), demo::make_sentence(6006), /*seed=*/9);
    EXPECT_GE(clip.words.front().begin, 0.25);
    EXPECT_LE(clip.words.back().end, 2.75);
    EXPECT_NEAR(clip.sound.seconds(), 3.0, 1e-4);
  }
}

TEST(DemoCorpus, RefusesNumbersThatCannotBe) {
  const TemporaryFolder folder;
  const std::filesystem::path out = folder.path() / "corpus";
  expect_demo_error({.out = out, .clips = 0, .speakers = 1}, ErrorKind::kUsage, "found 0");
  expect_demo_error({.out = out, .clips = 4, .speakers = 0}, ErrorKind::kUsage, "--speakers");
  expect_demo_error({.out = out, .clips = 64001, .speakers = 1}, ErrorKind::kUsage, "64000");
  expect_demo_error({.out = out, .language = "fr"}, ErrorKind::kUsage, "found 'fr'");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(DemoCorpus, RefusesAFolderThatHoldsSomethingElse) {
  const TemporaryFolder folder;
  folder.write("thesis.tex", "years of work");
  expect_demo_error({.out = folder.path(), .clips = 1, .speakers = 1},
                    ErrorKind::kUsage,
                    "expected a new or empty folder");
}

TEST(DemoCorpus, NamesAFolderThatCannotBeMade) {
  const TemporaryFolder folder;
  folder.write("file", "");
  const std::filesystem::path out = folder.path() / "file" / "corpus";
  expect_demo_error({.out = out, .clips = 1, .speakers = 1}, ErrorKind::kIo, out.string());
}

}  // namespace
}  // namespace lipsound2::corpora
