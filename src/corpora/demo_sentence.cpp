#include "demo_sentence.h"

#include <numeric>
#include <string_view>

#include <c10/util/Exception.h>

#include "lipsound2/core/random.h"

namespace lipsound2::corpora::demo {

namespace {

using namespace std::string_view_literals;

struct WordChoice {
  char code;
  std::string_view word;
};

constexpr std::array kCommands{WordChoice{'b', "bin"},
                               WordChoice{'l', "lay"},
                               WordChoice{'p', "place"},
                               WordChoice{'s', "set"}};
constexpr std::array kColors{WordChoice{'b', "blue"},
                             WordChoice{'g', "green"},
                             WordChoice{'r', "red"},
                             WordChoice{'w', "white"}};
constexpr std::array kPrepositions{
    WordChoice{'a', "at"}, WordChoice{'b', "by"}, WordChoice{'i', "in"}, WordChoice{'w', "with"}};
constexpr auto kLetters = "abcdefghijklmnopqrstuvxyz"sv;
constexpr std::array kDigits{WordChoice{'1', "one"},
                             WordChoice{'2', "two"},
                             WordChoice{'3', "three"},
                             WordChoice{'4', "four"},
                             WordChoice{'5', "five"},
                             WordChoice{'6', "six"},
                             WordChoice{'7', "seven"},
                             WordChoice{'8', "eight"},
                             WordChoice{'9', "nine"},
                             WordChoice{'z', "zero"}};
constexpr std::array kAdverbs{WordChoice{'a', "again"},
                              WordChoice{'n', "now"},
                              WordChoice{'p', "please"},
                              WordChoice{'s', "soon"}};

/// Written as a phoneme, or eSpeak would read it as the article.
constexpr auto kLetterA = "[['eI]]"sv;

/// Takes one mixed-radix digit off a sentence number.
std::size_t take_digit(std::int64_t& number, std::size_t radix) {
  const auto digit = static_cast<std::size_t>(number) % radix;
  number /= static_cast<std::int64_t>(radix);
  return digit;
}

}  // namespace

Sentence make_sentence(std::int64_t index) {
  TORCH_CHECK(index >= 0 && index < kSentences, "sentence ", index, " of ", kSentences);
  const WordChoice command = kCommands[take_digit(index, kCommands.size())];
  const WordChoice color = kColors[take_digit(index, kColors.size())];
  const WordChoice preposition = kPrepositions[take_digit(index, kPrepositions.size())];
  const std::string_view letter = kLetters.substr(take_digit(index, kLetters.size()), 1);
  const WordChoice digit = kDigits[take_digit(index, kDigits.size())];
  const WordChoice adverb = kAdverbs[take_digit(index, kAdverbs.size())];

  Sentence sentence;
  sentence.id = {command.code, color.code, preposition.code, letter[0], digit.code, adverb.code};
  sentence.words = {std::string(command.word),
                    std::string(color.word),
                    std::string(preposition.word),
                    std::string(letter),
                    std::string(digit.word),
                    std::string(adverb.word)};
  for (const std::string& word : sentence.words)
    sentence.spoken += (word == "a" ? std::string(kLetterA) : word) + " ";
  return sentence;
}

std::vector<Sentence> draw_sentences(std::int64_t count, std::uint64_t seed) {
  TORCH_CHECK(count >= 0 && count <= kSentences, count, " sentences of ", kSentences);
  std::vector<std::int64_t> order(static_cast<std::size_t>(kSentences));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  Rng rng(seed);
  rng.shuffle(order);

  std::vector<Sentence> sentences;
  sentences.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    sentences.push_back(make_sentence(order[static_cast<std::size_t>(i)]));
  return sentences;
}

}  // namespace lipsound2::corpora::demo
