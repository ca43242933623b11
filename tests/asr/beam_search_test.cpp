#include "lipsound2/asr/beam_search.h"

#include <cmath>
#include <map>
#include <numbers>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/asr/ctc.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::asr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Labels = std::vector<std::int64_t>;

constexpr const char* kLetterModel = R"(\data\
ngram 1=6
ngram 2=4

\1-grams:
-0.9	<unk>	-0.2
-99	<s>	-0.30
-0.8	</s>
-0.5	a	-0.25
-0.7	b	-0.40
-1.1	ab	0.1

\2-grams:
-0.2	<s> a
-0.35	a b
-0.45	b a
-0.3	ab </s>

\end\
)";

Tensor random_log_probs(Rng& rng, std::int64_t frames, std::int64_t outputs) {
  Tensor logits = torch::empty({frames, outputs});
  auto* value = logits.data_ptr<float>();
  for (std::int64_t i = 0; i < logits.numel(); ++i)
    value[i] = static_cast<float>(2 * rng.normal());
  return torch::log_softmax(logits, 1);
}

/// Ways through the frames, one symbol per frame.
std::vector<Labels> all_ways(std::int64_t frames, std::int64_t outputs) {
  std::vector<Labels> ways = {{}};
  for (std::int64_t t = 0; t < frames; ++t) {
    std::vector<Labels> longer;
    for (const Labels& way : ways)
      for (std::int64_t label = 0; label < outputs; ++label) {
        longer.push_back(way);
        longer.back().push_back(label);
      }
    ways = std::move(longer);
  }
  return ways;
}

Labels collapse(const Labels& way, std::int64_t blank) {
  Labels labels;
  for (std::size_t t = 0; t < way.size(); ++t)
    if (way[t] != blank && (t == 0 || way[t] != way[t - 1]))
      labels.push_back(way[t]);
  return labels;
}

/// Probability of each text, by adding up all ways through the frames.
std::map<Labels, double> brute_force(const Tensor& log_probs, std::int64_t blank) {
  std::map<Labels, double> sums;
  const auto p = log_probs.to(torch::kDouble).exp();
  const auto at = p.accessor<double, 2>();
  for (const Labels& way : all_ways(log_probs.size(0), log_probs.size(1))) {
    double product = 1;
    for (std::size_t t = 0; t < way.size(); ++t)
      product *= at[static_cast<std::int64_t>(t)][way[t]];
    sums[collapse(way, blank)] += product;
  }
  return sums;
}

/// The words of a text as the model sees them.
std::vector<std::string> units_of(const Alphabet& alphabet, const Labels& labels) {
  std::vector<std::string> units;
  const std::string text = alphabet.decode(labels);
  for (const auto unit : split_text(text, alphabet.unit()))
    units.emplace_back(unit);
  return units;
}

double knowledge_of(const std::vector<std::string>& units,
                    const BeamSearchConfig& config,
                    const NgramModel* model) {
  double score = config.beta * static_cast<double>(units.size());
  if (model == nullptr)
    return score;
  const std::vector<std::string_view> views(units.begin(), units.end());
  return score + config.alpha * std::numbers::ln10 * model->sentence(views);
}

/// Compares every text of an unlimited search with brute force, and the best of both.
void expect_brute_force(Rng& rng, const Alphabet& alphabet, const NgramModel* model) {
  const std::int64_t frames = 1 + rng.below(4);
  const Tensor log_probs = random_log_probs(rng, frames, alphabet.outputs());
  const BeamSearchConfig config = {
      .beam = 1000, .alpha = rng.uniform(0, 2), .beta = rng.uniform(-1, 1)};
  std::map<double, Labels> expected;
  const auto sums = brute_force(log_probs, alphabet.blank());
  for (const auto& [labels, sum] : sums)
    expected[std::log(sum) + knowledge_of(units_of(alphabet, labels), config, model)] = labels;

  const auto found = BeamSearch(alphabet, config, {.model = model})(log_probs);

  ASSERT_EQ(found.size(), sums.size());
  EXPECT_NEAR(found[0].score, expected.rbegin()->first, 1e-5);
  for (const CtcHypothesis& hypothesis : found) {
    const double acoustic = std::log(sums.at(hypothesis.labels));
    EXPECT_NEAR(hypothesis.acoustic, acoustic, 1e-5);
    EXPECT_NEAR(hypothesis.score,
                acoustic + knowledge_of(units_of(alphabet, hypothesis.labels), config, model),
                1e-5);
  }
}

TEST(BeamSearch, AgreesWithBruteForceOn10000Lattices) {
  Rng rng(7);
  const Alphabet words(U" ab");
  const Alphabet characters(U"abc");
  const NgramModel model = NgramModel::parse(kLetterModel, "letters");
  for (int i = 0; i < 2500; ++i) {
    expect_brute_force(rng, words, nullptr);
    expect_brute_force(rng, words, &model);
    expect_brute_force(rng, characters, nullptr);
    expect_brute_force(rng, characters, &model);
    if (HasFailure())
      FAIL() << "lattice " << i;
  }
}

TEST(BeamSearch, WordListLeavesOnlyItsWords) {
  Rng rng(8);
  const Alphabet alphabet(U" ab");
  const WordList list(alphabet, {"ab", "b"}, "list");
  const BeamSearchConfig config = {.beam = 1000, .alpha = 0, .beta = 0.3};
  for (int i = 0; i < 500; ++i) {
    const Tensor log_probs = random_log_probs(rng, 1 + rng.below(4), alphabet.outputs());
    std::map<Labels, double> expected;
    for (const auto& [labels, sum] : brute_force(log_probs, alphabet.blank())) {
      const auto words = units_of(alphabet, labels);
      if (std::ranges::all_of(words, [](const auto& w) { return w == "ab" || w == "b"; }))
        expected[labels] = std::log(sum) + 0.3 * static_cast<double>(words.size());
    }
    const auto found = BeamSearch(alphabet, config, {.words = &list})(log_probs);
    ASSERT_EQ(found.size(), expected.size());
    for (const CtcHypothesis& hypothesis : found)
      EXPECT_NEAR(hypothesis.score, expected.at(hypothesis.labels), 1e-5);
  }
}

TEST(BeamSearch, CutsAWordThatTheFramesLeaveUnfinished) {
  const Alphabet alphabet(U" ab");
  const WordList list(alphabet, {"ab"}, "list");
  const Tensor log_probs = torch::tensor({{0.0, 1.0, 0.0, 0.0}}).log();
  const auto found = BeamSearch(alphabet, {.beam = 4, .alpha = 0}, {.words = &list})(log_probs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].labels.empty());
}

std::vector<double> scores_of(const std::vector<CtcHypothesis>& found) {
  std::vector<double> scores;
  for (const CtcHypothesis& hypothesis : found)
    scores.push_back(hypothesis.score);
  return scores;
}

TEST(BeamSearch, AlphaZeroIsExactlyNoModel) {
  Rng rng(9);
  const Alphabet english = Alphabet::english();
  const NgramModel model = NgramModel::parse(kLetterModel, "letters");
  const Tensor log_probs = random_log_probs(rng, 60, english.outputs());
  const BeamSearchConfig config = {.beam = 20, .alpha = 0, .beta = 0.7};
  const auto without = BeamSearch(english, config)(log_probs);
  const auto with = BeamSearch(english, config, {.model = &model})(log_probs);
  EXPECT_EQ(scores_of(with), scores_of(without));
  EXPECT_EQ(with[0].labels, without[0].labels);
}

TEST(BeamSearch, ABeamOfOneIsGreedyOnPeakedOutput) {
  Rng rng(10);
  const Alphabet english = Alphabet::english();
  for (int i = 0; i < 50; ++i) {
    const Tensor choice = torch::empty({40}, torch::kLong);
    for (std::int64_t t = 0; t < 40; ++t)
      choice[t] = rng.below(english.outputs());
    const Tensor log_probs =
        torch::log_softmax(20 * torch::one_hot(choice, english.outputs()).to(torch::kFloat), 1);
    const auto found = BeamSearch(english, {.beam = 1, .alpha = 0, .beta = 0})(log_probs);
    EXPECT_EQ(found.at(0).labels, ctc_greedy(log_probs, english.outputs()));
  }
}

TEST(BeamSearch, WiderBeamsFindNothingWorse) {
  Rng rng(11);
  const Alphabet english = Alphabet::english();
  const Tensor log_probs = random_log_probs(rng, 50, english.outputs());
  double before = -1e9;
  for (const std::int64_t beam : {1, 4, 16, 64, 256}) {
    const auto found = BeamSearch(english, {.beam = beam, .alpha = 0, .beta = 0})(log_probs);
    EXPECT_LE(found.size(), static_cast<std::size_t>(beam));
    EXPECT_GE(found[0].score, before - 1e-9);
    before = found[0].score;
  }
}

TEST(BeamSearch, PruningKeepsWhatIsNearTheBest) {
  Rng rng(12);
  const Alphabet english = Alphabet::english();
  const Tensor log_probs = random_log_probs(rng, 50, english.outputs());
  const auto pruned_by = [&](double prune) {
    return BeamSearch(english, {.beam = 64, .alpha = 0, .beta = 0.7, .prune = prune})(log_probs);
  };
  const auto all = BeamSearch(english, {.beam = 64, .alpha = 0, .beta = 0.7})(log_probs);
  EXPECT_EQ(scores_of(pruned_by(1e6)), scores_of(all));
  const auto near = pruned_by(2);
  for (const CtcHypothesis& text : near)
    EXPECT_GE(text.score, near[0].score - 2 - 0.7);  // what the last word adds comes later
  EXPECT_EQ(pruned_by(1e-12).size(), 1U);
}

TEST(BeamSearch, ZeroProbabilitiesGiveNoNan) {
  const Alphabet alphabet(U"ab");
  const Tensor certain = torch::tensor({{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}}).log();
  const auto found = BeamSearch(alphabet, {.beam = 8, .alpha = 0, .beta = 0})(certain);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].labels, ElementsAre(0, 1));
  EXPECT_EQ(found[0].score, 0);
}

TEST(BeamSearchFault, OtherAlphabetsAndNan) {
  const Alphabet english = Alphabet::english();
  const BeamSearch search(english, {});
  EXPECT_THAT([&] { search(torch::zeros({5, 28})); },
              ThrowsMessage<Error>(HasSubstr("expected log-probabilities of 28 symbols and the "
                                             "blank, [frames, 29], found [5, 28]")));
  EXPECT_THAT([&] { search(torch::full({5, 29}, std::nan(""))); },
              ThrowsMessage<Error>(HasSubstr("must be numbers of at most 0")));
}

TEST(BeamSearchFault, NumbersThatAreNoLogProbabilities) {
  const BeamSearch search(Alphabet(U"ab"), {});
  Tensor frames = torch::log_softmax(torch::ones({4, 3}), 1);
  EXPECT_NO_THROW(search(frames.to(torch::kHalf)));
  frames[2] /= std::log(10);
  EXPECT_THAT([&] { search(frames); },
              ThrowsMessage<Error>(HasSubstr("found a sum of 1.862 in frame 2")));
  EXPECT_THAT([&] { search(torch::full({4, 3}, -1, torch::kLong)); },
              ThrowsMessage<Error>(HasSubstr("found whole numbers (Long)")));
}

TEST(CtcGreedy, MergesRepeatsAndDropsBlanks) {
  const Tensor best = torch::tensor({2, 0, 0, 2, 0, 1, 1}, torch::kLong);
  const Tensor log_probs = torch::log_softmax(5 * torch::one_hot(best, 3).to(torch::kFloat), 1);
  EXPECT_THAT(ctc_greedy(log_probs, 3), ElementsAre(0, 0, 1));
}

TEST(CtcAlign, FindsTheLikeliestPlaces) {
  Rng rng(12);
  for (int i = 0; i < 200; ++i) {
    const Tensor log_probs = random_log_probs(rng, 5, 3);
    const auto p = log_probs.accessor<float, 2>();
    std::map<Labels, std::pair<float, Labels>> best;
    for (const Labels& way : all_ways(5, 3)) {
      float score = 0;
      for (std::int64_t t = 0; t < 5; ++t)
        score += p[t][way[static_cast<std::size_t>(t)]];
      auto& kept = best.try_emplace(collapse(way, 2), -1e9F, Labels{}).first->second;
      kept = std::max(kept, {score, way});
    }
    for (const auto& [labels, kept] : best) {
      const auto spans = ctc_align(log_probs, 3, labels);
      Labels way(5, 2);
      for (const LabelSpan& span : spans)
        std::fill(way.begin() + span.first_frame, way.begin() + span.last_frame + 1, span.label);
      EXPECT_EQ(way, kept.second);
    }
  }
}

TEST(CtcAlignFault, TooFewFrames) {
  const Tensor log_probs = torch::log_softmax(torch::zeros({2, 3}), 1);
  EXPECT_THAT([&] { ctc_align(log_probs, 3, Labels{0, 0}); },
              ThrowsMessage<Error>(HasSubstr("2 frames of log-probabilities cannot hold")));
}

}  // namespace
}  // namespace lipsound2::asr
