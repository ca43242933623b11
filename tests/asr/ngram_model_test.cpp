#include "lipsound2/asr/ngram_model.h"

#include <cmath>

#include <gmock/gmock.h>
#include <zlib.h>

#include "lipsound2/asr/ngram_text.h"
#include "lipsound2/core/error.h"

#include "support/temporary_folder.h"

namespace lipsound2::asr {
namespace {

using ::testing::HasSubstr;

// Pruned: "at bin" is missing behind "bin at bin".
constexpr const char* kArpa = R"(
\data\
ngram 1=7
ngram 2=8
ngram 3=4

\1-grams:
-1.3	<unk>	-0.1
-99	<s>	-0.30
-0.9	</s>
-0.5	bin	-0.25
-0.7	blue	-0.40
-0.8	at	0.125
-1.1	soon

\2-grams:
-0.2	<s> bin	-0.11
-0.35	bin blue	-0.21
-0.45	blue at	-0.31
-0.6	blue soon
-1.5	at <unk>	-0.05
-0.25	soon </s>
-0.55	bin at	-0.02
-0.65	<unk> soon	-0.07

\3-grams:
-0.12	<s> bin blue
-0.22	bin blue at
-0.32	bin at bin
-0.41	at <unk> soon

\end\
)";

double score_of(const NgramModel& model, const std::string& sentence) {
  return model.sentence(split_text(sentence, TextUnit::kWord));
}

/// The error of a model whose text `from` became `to`.
std::string error_with(const std::string& from, const std::string& to) {
  std::string text = kArpa;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  try {
    NgramModel::parse(text, "m.arpa");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

// Expected scores: kenlm 0.3.0 from PyPI, Model.score() on the same text.
TEST(NgramModel, ScoresAsKenlmDoes) {
  const NgramModel model = NgramModel::parse(kArpa, "m.arpa");
  EXPECT_EQ(model.order(), 3);
  EXPECT_EQ(model.words(), 7);
  EXPECT_EQ(model.ngrams(), 19);
  EXPECT_NEAR(score_of(model, "bin blue at soon"), -2.075, 1e-5);
  EXPECT_NEAR(score_of(model, "blue bin at bin blue"), -4.63, 1e-5);
  EXPECT_NEAR(score_of(model, "at zebra soon"), -3.33, 1e-5);
  EXPECT_NEAR(score_of(model, ""), -1.2, 1e-5);
  EXPECT_NEAR(score_of(model, "zebra zebra"), -4.0, 1e-5);
  EXPECT_NEAR(score_of(model, "bin at zebra soon"), -3.11, 1e-5);
  EXPECT_NEAR(score_of(model, "soon bin at"), -3.245, 1e-5);
}

TEST(NgramModel, EqualHistoriesAreEqualStates) {
  const NgramModel model = NgramModel::parse(kArpa, "m.arpa");
  const auto bin = model.step(model.begin(), model.word("bin")).next;
  const auto after_long = model.step(model.step(bin, model.word("soon")).next, model.word("at"));
  const auto after_short = model.step(model.begin(), model.word("at"));
  EXPECT_EQ(after_long.next, after_short.next);
  EXPECT_NE(bin, after_short.next);
}

TEST(NgramModel, ReadsPlainAndGzipFilesAlike) {
  const lipsound2::testing::TemporaryFolder folder;
  folder.write("m.arpa", kArpa);
  const auto zipped = folder / "m.arpa.gz";
  const gzFile file = gzopen(zipped.c_str(), "wb");
  gzputs(file, kArpa);
  gzclose(file);
  EXPECT_NEAR(score_of(NgramModel::read(folder / "m.arpa"), "at zebra soon"), -3.33, 1e-5);
  EXPECT_NEAR(score_of(NgramModel::read(zipped), "at zebra soon"), -3.33, 1e-5);

  const std::string bytes = read_file(zipped);
  folder.write("cut.arpa.gz", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT([&] { NgramModel::read(folder / "cut.arpa.gz"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("expected whole gzip data")));
  EXPECT_THAT([&] { NgramModel::read(folder / "none.arpa"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("cannot be opened")));
}

TEST(NgramModel, UnlistedUnknownWordsGetAFloor) {
  const NgramModel model = NgramModel::parse(
      "\\data\\\nngram 1=2\n\\1-grams:\n-1\t<s>\n-2\t</s>\n\\end\\\n", "small.arpa");
  EXPECT_NEAR(score_of(model, "what"), -102, 1e-4);
}

TEST(NgramModelFault, WrongCountsAreNamedWithTheLine) {
  EXPECT_THAT(error_with("ngram 2=8", "ngram 2=9"),
              HasSubstr("m.arpa:25: expected 2-gram 9 of the 9 that \\data\\ promises, found ''"));
  EXPECT_THAT(
      error_with("ngram 2=8", "ngram 2=7"),
      HasSubstr("m.arpa:24: expected the end of the 7 2-grams that \\data\\ promises, found "
                "'-0.65\t<unk> soon"));
  EXPECT_THAT(error_with("ngram 2=8", "ngram 2=99999999999"),
              HasSubstr("promises 99999999999 2-grams, more than fit into the file"));
  EXPECT_THAT(error_with("ngram 3=4\n", ""),
              HasSubstr("m.arpa:16: expected a probability and 2 words, without a backoff weight"));
  EXPECT_THAT(error_with("ngram 2=8", "ngram 2=many"), HasSubstr("m.arpa:4: expected 'ngram 2='"));
}

TEST(NgramModelFault, CutFilesAreNoModels) {
  const std::string text = kArpa;
  const auto cut = [&](std::size_t size) {
    try {
      NgramModel::parse(text.substr(0, size), "m.arpa");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::size_t whole = text.find("\\end\\") + 5;
  for (std::size_t size = 0; size < whole; ++size)
    EXPECT_THAT(cut(size), HasSubstr("m.arpa")) << size;
  EXPECT_EQ(cut(whole), "no error");
}

TEST(NgramModelFault, BadLinesAreNamed) {
  EXPECT_THAT(error_with("-0.35\tbin", "-0.3x5\tbin"),
              HasSubstr("m.arpa:18: expected a log10 probability, a finite number, found '-0.3x5"));
  EXPECT_THAT(error_with("-0.35\tbin", "nan\tbin"), HasSubstr("a finite number"));
  EXPECT_THAT(error_with("-0.35\tbin", "0.35\tbin"), HasSubstr("at most 0"));
  EXPECT_THAT(error_with("bin blue\t-0.21", "bin blue\t-0.2.1"), HasSubstr("a backoff weight"));
  EXPECT_THAT(error_with("bin blue\t-0.21", "bin"), HasSubstr("a probability and 2 words"));
  EXPECT_THAT(error_with("bin blue\t-0.21", "bin red\t-0.21"),
              HasSubstr("expected words of the 1-grams ('red' is none)"));
  EXPECT_THAT(error_with("-0.45\tblue at", "-0.45\tbin blue"), HasSubstr("each n-gram only once"));
  EXPECT_THAT(error_with("bin blue at", "soon blue at"),
              HasSubstr("an n-gram whose first 2 words are a 2-gram"));
  EXPECT_THAT(error_with("-0.41\tat <unk> soon", "-0.41\tat <unk> soon\t-0.1"),
              HasSubstr("without a backoff weight"));
  EXPECT_THAT(error_with("-0.7\tblue", "-0.7\tbin"),
              HasSubstr("expected a word other than those before, found '-0.7\tbin"));
  EXPECT_THAT(error_with("-0.9\t</s>", "-0.9\tend"), HasSubstr("words of the 1-grams"));
}

// More lines than are read before the first is stored; the numbers are written in all ways.
TEST(NgramModel, ManyLinesAndAllWaysToWriteNumbers) {
  const auto word = [](int i) { return std::string("w") + std::to_string(i); };
  std::string ones, twos;
  const std::vector<std::string> numbers{
      "-2", "-2.", "-2.0000000000000000001", "-20e-1", "-0.02E2", "-002.000"};
  for (int i = 0; i < 300; ++i) {
    const std::string& number = numbers[static_cast<std::size_t>(i) % numbers.size()];
    ones += number + "\t" + word(i) + "\t-.5\n";
    twos += number + " " + word(i) + "  " + word(299 - i) + "\n";
  }
  const std::string text = "\\data\\\nngram 1=302\nngram 2=300\n\\1-grams:\n-1\t<s>\n-1\t</s>\n" +
                           ones + "\n\\2-grams:\n" + twos + "\n\\end\\\n";
  const NgramModel model = NgramModel::parse(text, "m.arpa");
  for (int i = 0; i < 300; ++i) {
    const auto state = model.step(model.begin(), model.word(word(i))).next;
    EXPECT_FLOAT_EQ(model.step(state, model.word(word(299 - i))).log10, -2) << i;
    EXPECT_FLOAT_EQ(model.step(state, model.word(word((i + 150) % 300))).log10, -2.5F) << i;
  }
  std::string wrong = text;
  wrong.replace(wrong.find("w17  w282"), 3, "v17");
  EXPECT_THAT([&] { NgramModel::parse(wrong, "m.arpa"); },
              ::testing::ThrowsMessage<Error>(
                  HasSubstr("m.arpa:326: expected words of the 1-grams ('v17' is none), found '")));
}

}  // namespace
}  // namespace lipsound2::asr
