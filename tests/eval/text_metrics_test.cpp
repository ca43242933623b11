#include "lipsound2/eval/text_metrics.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/eval/metric_names.h"

namespace lipsound2::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Corpus: 1 error in 2 words and 3 insertions without reference. Mean of clips: 1/2.
ScoreTable two_texts(const std::vector<std::string>& metrics) {
  ScoreTable table = empty_text_table(metrics);
  table.clips.push_back(score_texts("a", "Bin blue.", "bin glue", metrics));
  table.clips.push_back(score_texts("b", "...", "not a word", metrics));
  return table;
}

TEST(TextMetrics, CountErrorsAndTheClipsOwnRate) {
  const auto clip = score_texts("a", "bin blue at f", "bin at", {"wer", "cer", "wer-mean"});

  EXPECT_EQ(clip.errors.at("wer"), (ErrorCounts{.hits = 2, .deletions = 2}));
  EXPECT_EQ(clip.errors.at("cer"), (ErrorCounts{.hits = 5, .deletions = 5}));
  EXPECT_FALSE(clip.errors.contains("wer-mean"));
  EXPECT_DOUBLE_EQ(clip.scores.at("wer"), 0.5);
  EXPECT_DOUBLE_EQ(clip.scores.at("wer-mean"), 0.5);
  EXPECT_EQ(clip.note, "");
}

TEST(TextMetrics, SplitChineseIntoCharacters) {
  const auto clip = score_texts("a", "今天天气很好。", "今天天汽很好吗", {"cer"});

  EXPECT_EQ(clip.errors.at("cer"), (ErrorCounts{.hits = 5, .substitutions = 1, .insertions = 1}));
}

TEST(TextMetrics, AnEmptyReferenceHasErrorsButNoRateOfItsOwn) {
  const auto clip = score_texts("a", "", "two words", {"wer", "wer-mean"});

  EXPECT_EQ(clip.errors.at("wer"), (ErrorCounts{.insertions = 2}));
  EXPECT_TRUE(clip.scores.empty());
  EXPECT_THAT(clip.note, HasSubstr("empty reference: no rate of its own"));
}

TEST(TextMetrics, MeanOfClipsIsAMetricOfItsOwn) {
  const ScoreTable table = two_texts({"wer", "wer-mean"});

  EXPECT_DOUBLE_EQ(summarize(table, "wer").mean, 2);
  EXPECT_DOUBLE_EQ(summarize(table, "wer-mean").mean, 0.5);
  EXPECT_THAT(to_text(table), HasSubstr("wer-mean          50.00 %    50.00 %"));
  EXPECT_THAT(to_text(table), HasSubstr("wer              200.00 %"));
}

TEST(TextMetrics, ScliteMayCountMoreErrors) {
  const auto clip =
      score_texts("a", "the cat sat on the mat", "on the mat the cat sat", {"cer", "cer-sclite"});

  // jiwer 4.0.0 and sclite 2.10, see tests/eval/text_errors_test.cpp.
  EXPECT_EQ(clip.errors.at("cer"), (ErrorCounts{8, 7, 2, 2}));
  EXPECT_EQ(clip.errors.at("cer-sclite"), (ErrorCounts{10, 2, 5, 5}));
}

TEST(TextMetrics, RefuseTextsThatAreTooLongWithTheirId) {
  try {
    score_texts("a", std::string(30000, 'x'), std::string(30000, 'y'), {"cer"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("a: texts of 30000 and 30000 units are too long to align"));
  }
}

TEST(TextMetrics, VariantsStateTheNormalization) {
  for (const auto& [metric, variant] : empty_text_table(text_metrics()).variants) {
    EXPECT_THAT(variant, HasSubstr("lower case")) << metric;
    EXPECT_THAT(variant, HasSubstr("punctuation separates words")) << metric;
  }
}

TEST(TextMetrics, AreToldFromOthersByName) {
  EXPECT_TRUE(is_text_metric("cer-mean"));
  EXPECT_FALSE(is_corpus_rate("cer-mean"));
  EXPECT_TRUE(is_corpus_rate("cer-sclite"));
  EXPECT_FALSE(is_text_metric("stoi"));
  EXPECT_THROW(score_texts("a", "a", "a", {"stoi"}), Error);
}

TEST(TextMetrics, ComeBackFromJson) {
  const ScoreTable table = two_texts({"wer", "cer", "wer-mean"});

  const ScoreTable again = from_json(to_json(table), "scores.json");

  EXPECT_EQ(to_json(again), to_json(table));
}

TEST(MetricNames, AreSplitAndUnknownOnesRefused) {
  EXPECT_THAT(parse_metrics("cer,wer,cer", {"wer", "cer"}), ElementsAre("cer", "wer"));
  for (const char* list : {"wre", ",wer", "wer cer"})
    try {
      parse_metrics(list, {"wer", "cer"});
      ADD_FAILURE() << list;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("is not a known metric; expected some of wer, cer"));
    }
}

}  // namespace
}  // namespace lipsound2::eval
