#include "lipsound2/asr/kneser_ney.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <gmock/gmock.h>

#include "lipsound2/asr/ngram_model.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

#include "support/temporary_folder.h"

namespace lipsound2::asr {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<std::string> kToyText = {"the cat sat on the mat",
                                           "the dog sat on the log",
                                           "a cat saw the dog",
                                           "the cat saw a dog on the mat",
                                           "the dog ran",
                                           "a dog ran on the log",
                                           "the mat"};

NgramModel model_of(const EstimatedNgrams& ngrams) {
  const lipsound2::testing::TemporaryFolder folder;
  write_arpa(ngrams, folder / "m.arpa");
  return NgramModel::read(folder / "m.arpa");
}

/// Sentences over words of Zipf's frequencies, some of which depend on the word before.
std::vector<std::string> random_sentences(std::uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<std::string> sentences;
  for (int i = 0; i < count; ++i) {
    std::string sentence;
    std::int64_t word = 0;
    for (std::int64_t left = 1 + rng.below(9); left > 0; --left) {
      const double zipf = std::exp(rng.uniform() * std::log(3000.0));
      word = rng.chance(0.5) ? (5 * word + 1) % 3000 : static_cast<std::int64_t>(zipf);
      sentence += fmt::format("w{} ", word);
    }
    sentences.push_back(sentence);
  }
  return sentences;
}

/// Sum of the probabilities of all words but <s> after a state.
double total_after(const NgramModel& model, NgramModel::State state) {
  double sum = 0;
  for (NgramModel::Word word = 0; word < model.words(); ++word)
    if (word != model.word("<s>"))
      sum += std::pow(10.0, static_cast<double>(model.step(state, word).log10));
  return sum;
}

/// "a b c" as an EstimatedNgrams entry.
const EstimatedNgrams::Ngram& find_ngram(const EstimatedNgrams& ngrams, const std::string& text) {
  std::uint32_t index = 0;
  std::size_t order = 0;
  for (const auto word : split_text(text, TextUnit::kWord)) {
    const auto& entries = ngrams.orders.at(order);
    const std::uint32_t context = order++ == 0 ? 0 : index;
    const auto found = std::ranges::find_if(entries, [&](const auto& entry) {
      return entry.context == context && ngrams.vocabulary[entry.word] == word;
    });
    if (found == entries.end())
      throw std::runtime_error("no " + text);
    index = static_cast<std::uint32_t>(found - entries.begin());
  }
  return ngrams.orders.at(order - 1)[index];
}

// Expected: `lmplz -o 3` of kenlm (the sources in kenlm-0.3.0.tar.gz on PyPI) on the same text;
// all 19,450 n-grams agree to 1e-6.
TEST(KneserNeyReference, AgreesWithLmplz) {
  const auto ngrams =
      estimate_kneser_ney(make_ngram_text(random_sentences(3, 3000), TextUnit::kWord, "r"), 3);
  EXPECT_EQ(ngrams.orders[0].size(), 1851U);
  EXPECT_EQ(ngrams.orders[1].size(), 7485U);
  EXPECT_EQ(ngrams.orders[2].size(), 10114U);
  EXPECT_NEAR(ngrams.discounts[0][0], 0.462485, 1e-6);
  EXPECT_NEAR(ngrams.discounts[1][1], 1.24177, 1e-5);
  EXPECT_NEAR(ngrams.discounts[2][2], 1.3561, 1e-5);
  const auto expect = [&](const std::string& text, double log10, double backoff) {
    EXPECT_NEAR(find_ngram(ngrams, text).log10, log10, 2e-6) << text;
    EXPECT_NEAR(find_ngram(ngrams, text).backoff, backoff, 2e-6) << text;
  };
  expect("w859", -3.645538, -0.090839);
  expect("<unk>", -3.811432, 0);
  expect("</s>", -0.950787, 0);
  expect("w685 w774", -1.199536, -0.047829);
  expect("w6 w712", -3.180949, -0.047829);
  expect("<s> w65", -3.236082, -0.047829);
  expect("w176 w881 </s>", -0.576757, 0);
  expect("w1 w6 w1239", -3.568415, 0);
}

// Too regular for the formula of the discounts.
TEST(KneserNey, TextsWithoutCountsOfCountsGetDefaultDiscounts) {
  const auto ngrams = estimate_kneser_ney(make_ngram_text(kToyText, TextUnit::kWord, "toy"), 3);
  EXPECT_EQ(ngrams.default_discounts, (std::vector<int>{2, 3}));
  EXPECT_EQ(ngrams.discounts[1], (Discounts{0.5, 1.0, 1.5}));
  const NgramModel model = model_of(ngrams);
  EXPECT_NEAR(total_after(model, model.begin()), 1, 2e-5);
  EXPECT_NEAR(total_after(model, model.step(model.begin(), model.word("the")).next), 1, 2e-5);
}

TEST(KneserNey, EveryContextSumsToOne) {
  for (const int order : {1, 2, 3, 4, 5}) {
    const auto text = make_ngram_text(random_sentences(3, 3000), TextUnit::kWord, "random");
    const auto ngrams = estimate_kneser_ney(text, order);
    EXPECT_TRUE(ngrams.default_discounts.empty());
    const NgramModel model = model_of(ngrams);
    Rng rng(17);
    NgramModel::State state = model.begin();
    EXPECT_NEAR(total_after(model, state), 1, 2e-5);
    for (int i = 0; i < 300; ++i) {
      state = model.step(state, static_cast<NgramModel::Word>(rng.below(model.words()))).next;
      EXPECT_NEAR(total_after(model, state), 1, 2e-5) << "order " << order;
    }
    for (const std::string& sentence : random_sentences(3, 40)) {
      state = model.begin();
      for (const auto word : split_text(sentence, TextUnit::kWord)) {
        state = model.step(state, model.word(word)).next;
        EXPECT_NEAR(total_after(model, state), 1, 2e-5) << "order " << order;
      }
    }
  }
}

TEST(KneserNey, LongerContextsPredictBetter) {
  const auto text = make_ngram_text(random_sentences(3, 3000), TextUnit::kWord, "random");
  std::vector<double> scores;
  for (const int order : {1, 2}) {
    const NgramModel model = model_of(estimate_kneser_ney(text, order));
    double score = 0;
    for (const std::string& sentence : random_sentences(4, 200))
      score += model.sentence(split_text(sentence, TextUnit::kWord));
    scores.push_back(score);
  }
  EXPECT_GT(scores[1], 0.9 * scores[0]);  // log10, below 0
}

TEST(KneserNey, CountsCharacters) {
  const auto text = make_ngram_text({"中国 人", "中　国"}, TextUnit::kCharacter, "cmn");
  EXPECT_EQ(text.vocabulary, (std::vector<std::string>{"<unk>", "<s>", "</s>", "中", "国", "人"}));
  EXPECT_EQ(text.tokens, (std::vector<std::uint32_t>{1, 3, 4, 5, 2, 1, 3, 4, 2}));
}

TEST(NgramTextFault, NamesTheLine) {
  const lipsound2::testing::TemporaryFolder folder;
  folder.write("unk.txt", "a b\nc <unk> d\n");
  folder.write("bytes.txt", "a b\n\xFF\n");
  folder.write("empty.txt", "\n \n");
  EXPECT_THAT([&] { read_ngram_text(folder / "unk.txt", TextUnit::kWord); },
              ThrowsMessage<Error>(HasSubstr("unk.txt:2: the word '<unk>' has a meaning")));
  for (const TextUnit unit : {TextUnit::kWord, TextUnit::kCharacter})
    EXPECT_THAT([&] { read_ngram_text(folder / "bytes.txt", unit); },
                ThrowsMessage<Error>(HasSubstr("bytes.txt:2: expected UTF-8, found byte 0xFF")));
  EXPECT_THAT([&] { read_ngram_text(folder / "empty.txt", TextUnit::kWord); },
              ThrowsMessage<Error>(HasSubstr("empty.txt: expected sentences, found none")));
}

}  // namespace
}  // namespace lipsound2::asr
