#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

#include "lipsound2/asr/kneser_ney.h"
#include "lipsound2/asr/ngram_model.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

struct LmFlags {
  std::string text;
  int order = 3;
  std::string out;
  std::string model;
  std::string test;
  asr::TextUnit unit = asr::TextUnit::kWord;
  std::string json;
};

/// Scores of sentences, in log10.
struct TextScore {
  std::vector<double> sentences;
  double log10 = 0;
  double log10_of_known = 0;     ///< without unknown words
  std::int64_t predictions = 0;  ///< words and ends of sentences
  std::int64_t unknown = 0;

  double perplexity() const { return std::pow(10.0, -log10 / static_cast<double>(predictions)); }
  double perplexity_of_known() const {
    return std::pow(10.0, -log10_of_known / static_cast<double>(predictions - unknown));
  }
};

TextScore score_text(const asr::NgramModel& model, const asr::NgramText& text) {
  TextScore score;
  asr::NgramModel::State state = model.begin();
  for (const std::uint32_t token : text.tokens) {
    if (token == asr::NgramText::kBegin) {
      state = model.begin();
      score.sentences.push_back(0);
      continue;
    }
    const auto word = model.word(text.vocabulary[token]);
    const auto [log10, next] = model.step(state, word);
    state = next;
    score.sentences.back() += static_cast<double>(log10);
    score.log10 += static_cast<double>(log10);
    ++score.predictions;
    if (word == asr::NgramModel::kUnknown)
      ++score.unknown;
    else
      score.log10_of_known += static_cast<double>(log10);
  }
  return score;
}

nlohmann::ordered_json build(const LmFlags& flags) {
  const auto ngrams =
      asr::estimate_kneser_ney(asr::read_ngram_text(flags.text, flags.unit), flags.order);
  for (const int order : ngrams.default_discounts)
    log::warn("{}: too few or too regular {}-grams to measure discounts; 0.5, 1 and 1.5 are taken",
              flags.text,
              order);
  asr::write_arpa(ngrams, flags.out);
  nlohmann::ordered_json counts;
  for (std::size_t n = 1; n <= ngrams.orders.size(); ++n) {
    fmt::print("{}-grams: {}\n", n, ngrams.orders[n - 1].size());
    counts.push_back(ngrams.orders[n - 1].size());
  }
  return {{"file", flags.out}, {"ngrams", counts}};
}

nlohmann::ordered_json test(const LmFlags& flags) {
  const auto start = std::chrono::steady_clock::now();
  const auto model = asr::NgramModel::read(flags.model.empty() ? flags.out : flags.model);
  const std::chrono::duration<double> reading = std::chrono::steady_clock::now() - start;
  const TextScore score = score_text(model, asr::read_ngram_text(flags.test, flags.unit));
  fmt::print(
      "{}: perplexity {:.2f} over {} words and ends of sentences; {} unknown words, {:.2f} without "
      "them\n",
      flags.test,
      score.perplexity(),
      score.predictions,
      score.unknown,
      score.perplexity_of_known());
  return {{"text", flags.test},
          {"perplexity", score.perplexity()},
          {"perplexity_of_known", score.perplexity_of_known()},
          {"predictions", score.predictions},
          {"unknown", score.unknown},
          {"sentences_log10", score.sentences},
          {"seconds_reading", reading.count()}};
}

void run_lm(const LmFlags& flags) {
  require(
      flags.text.empty() == flags.out.empty(), ErrorKind::kUsage, "lm: TEXT and --out go together");
  require(flags.model.empty() != flags.out.empty(),
          ErrorKind::kUsage,
          "lm: expected TEXT and --out to build a model, or --model and --test to measure one");
  require(
      flags.model.empty() || !flags.test.empty(), ErrorKind::kUsage, "lm: --model needs --test");
  nlohmann::ordered_json results;
  if (!flags.text.empty())
    results["model"] = build(flags);
  if (!flags.test.empty())
    results["test"] = test(flags);
  write_json(flags.json, results);
}

}  // namespace

void add_lm(CLI::App& program) {
  auto* command = program.add_subcommand("lm", "build an n-gram language model, or measure one");
  const auto flags = std::make_shared<LmFlags>();
  command->add_option("TEXT", flags->text, "one sentence per line, plain or gzip");
  command->add_option("--order", flags->order, "longest n-gram, in words")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command->add_option("--out", flags->out, "ARPA file to write")->type_name("FILE.arpa");
  const std::map<std::string, asr::TextUnit> units = {{"word", asr::TextUnit::kWord},
                                                      {"character", asr::TextUnit::kCharacter}};
  command->add_option("--unit", flags->unit, "what is counted: word (default) or character")
      ->transform(CLI::CheckedTransformer(units));
  command->add_option("--model", flags->model, "ARPA file to measure")->type_name("FILE.arpa");
  command->add_option("--test", flags->test, "text whose perplexity is measured")
      ->type_name("TEXT");
  add_json_flag(*command, flags->json);
  command->callback([flags] { run_lm(*flags); });
}

}  // namespace lipsound2::cli
