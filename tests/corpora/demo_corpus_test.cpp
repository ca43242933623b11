#include "lipsound2/corpora/demo_corpus.h"

#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "cmlr.h"
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

constexpr const char* kChinese =
    "把点子变成现实\n来关注中国经济\n推进农业现代化\n实施意见指出\n今天的改革\n";

TEST(DemoCorpus, WritesCmlrsLayoutAndTheSameBytesForTheSameSeed) {
  const TemporaryFolder folder;
  folder.write("texts", kChinese);
  for (const char* name : {"a", "b"})
    make_demo_corpus({.out = folder / name,
                      .clips = 8,
                      .speakers = 2,
                      .seed = 5,
                      .language = "cmn",
                      .sentences = folder / "texts"});
  const std::map<std::string, std::string> files = files_below(folder / "a");

  EXPECT_EQ(files, files_below(folder / "b"));
  EXPECT_EQ(files.size(), 3U * 8 + 4);
  for (const auto& [name, bytes] : files)
    EXPECT_THAT(
        name,
        MatchesRegex("(video|audio|text)/s[12]/20170101/section_[1-4]_0[0-9][0-9]\\.[0-9][0-"
                     "9]_0[0-9][0-9]\\.[0-9][0-9]\\.(mp4|wav|txt)|(train|val|test)\\.csv|"
                     "demo_corpus\\.txt"));
}

TEST(DemoCorpus, IsReadAsCmlrWithOtherSentencesInEachSplit) {
  const TemporaryFolder folder;
  folder.write("texts", kChinese);
  make_demo_corpus({.out = folder / "corpus",
                    .clips = 10,
                    .speakers = 2,
                    .language = "cmn",
                    .sentences = folder / "texts"});
  std::map<std::string, std::set<std::string>> speakers;
  std::map<std::string, std::set<std::string>> texts;

  const CmlrReader reader({.root = folder / "corpus", .speakers = {}});
  const Splits official = reader.splits(reader.default_split());
  const auto remarks = reader.find([&](const SourceClip& clip) {
    EXPECT_EQ(clip.note + clip.fault, "");
    speakers[clip.text].insert(clip.speaker);
    texts[official.split_of(clip).value()].insert(clip.text);
  });

  EXPECT_EQ(remarks, std::vector<std::string>());
  EXPECT_FALSE(reader.published_counts("official"));
  EXPECT_EQ(speakers.size(), 5U);
  for (const auto& [text, who] : speakers)
    EXPECT_EQ(who, (std::set<std::string>{"s1", "s2"})) << text;
  EXPECT_EQ(texts["valid"].size(), 1U);
  EXPECT_EQ(texts["test"].size(), 2U);
  EXPECT_EQ(texts["train"].size(), 2U);
}

TEST(DemoCorpus, RefusesSentencesThatCannotBe) {
  const TemporaryFolder folder;
  folder.write("texts", kChinese);
  DemoCorpusConfig config{.out = folder / "corpus", .clips = 6, .speakers = 1, .language = "cmn"};
  expect_demo_error(config, ErrorKind::kUsage, "expected --sentences FILE with Chinese sentences");
  config.sentences = folder / "texts";
  expect_demo_error(config, ErrorKind::kUsage, "at most 5 (one speaker of 5 sentences), found 6");
  config.characters = -1;
  expect_demo_error(config, ErrorKind::kUsage, "--characters: expected at least 0, found -1");
  config.characters = 7;
  expect_demo_error(config, ErrorKind::kUsage, "found 6");
  config.language = "en";
  expect_demo_error(config, ErrorKind::kUsage, "with --language cmn alone");
  config.language = "cmn";
  config.sentences = folder / "nothing";
  expect_demo_error(config, ErrorKind::kIo, "nothing");
  EXPECT_FALSE(std::filesystem::exists(folder / "corpus"));
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
