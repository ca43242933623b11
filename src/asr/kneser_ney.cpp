#include "lipsound2/asr/kneser_ney.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "number_pairs.h"

namespace lipsound2::asr {
namespace {

constexpr std::uint32_t kNoNgram = std::numeric_limits<std::uint32_t>::max();
constexpr Discounts kDefaultDiscounts = {0.5, 1.0, 1.5};
constexpr double kLowestLog10 = -99;  // stands for zero in ARPA files

/// An n-gram while it is counted and estimated.
struct CountedNgram {
  std::uint32_t context = 0;
  std::uint32_t word = 0;
  std::uint32_t suffix = 0;  ///< index of the n-gram without its first word, one order lower
  std::uint32_t count = 0;
  bool begins = false;  ///< with <s>
  double probability = 0;
  double backoff = 1;
};

using CountedOrder = std::vector<CountedNgram>;

/// Which n-gram begins at each token; kNoNgram where the sentence is too short.
using NgramPlaces = std::vector<std::uint32_t>;

CountedOrder list_words(const NgramText& text) {
  CountedOrder words(text.vocabulary.size());
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i].word = static_cast<std::uint32_t>(i);
  words[NgramText::kBegin].begins = true;
  return words;
}

/// The n-grams one word longer than those at `places`, which become theirs.
CountedOrder lengthen(const NgramText& text,
                      int n,
                      const CountedOrder& shorter,
                      NgramPlaces& places) {
  NumberPairs numbers;
  CountedOrder longer;
  const auto last = static_cast<std::size_t>(n - 1);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool fits = places[i] != kNoNgram && i + last < places.size() &&
                      text.tokens[i + last] != NgramText::kBegin;
    if (!fits) {
      places[i] = kNoNgram;
      continue;
    }
    const std::uint32_t context = places[i];
    const std::uint32_t word = text.tokens[i + last];
    const std::uint32_t number = numbers.number(context, word);
    if (number == longer.size())
      longer.push_back({.context = context,
                        .word = word,
                        .suffix = places[i + 1],
                        .begins = shorter[context].begins});
    places[i] = number;
  }
  return longer;
}

void count_occurrences(CountedOrder& ngrams, const NgramPlaces& places) {
  for (const std::uint32_t number : places)
    if (number != kNoNgram)
      ++ngrams[number].count;
}

/// Counts n-grams that do not begin a sentence anew, by the different words before them.
void count_words_before(CountedOrder& ngrams, const CountedOrder& longer) {
  for (CountedNgram& ngram : ngrams)
    if (!ngram.begins)
      ngram.count = 0;
  for (const CountedNgram& ngram : longer)
    if (!ngrams[ngram.suffix].begins)
      ++ngrams[ngram.suffix].count;
}

std::vector<CountedOrder> count_ngrams(const NgramText& text, int order) {
  std::vector<CountedOrder> orders = {list_words(text)};
  NgramPlaces places = text.tokens;
  count_occurrences(orders[0], places);
  for (int n = 2; n <= order; ++n) {
    orders.push_back(lengthen(text, n, orders.back(), places));
    count_occurrences(orders.back(), places);
  }
  for (std::size_t k = orders.size() - 1; k > 0; --k)
    count_words_before(orders[k - 1], orders[k]);
  orders[0][NgramText::kBegin].count = 0;  // is never predicted
  return orders;
}

/// Chen and Goodman, equation 26; nothing when the counts of counts do not allow it.
std::optional<Discounts> measured_discounts(const CountedOrder& ngrams) {
  std::array<double, 5> with_count = {};
  for (const CountedNgram& ngram : ngrams)
    if (ngram.count >= 1 && ngram.count <= 4)
      ++with_count[ngram.count];
  if (std::any_of(with_count.begin() + 1, with_count.end(), [](double n) { return n == 0; }))
    return std::nullopt;
  const double share = with_count[1] / (with_count[1] + 2 * with_count[2]);
  Discounts discounts = {};
  for (std::size_t i = 1; i <= 3; ++i) {
    const auto count = static_cast<double>(i);
    discounts[i - 1] = count - (count + 1) * share * with_count[i + 1] / with_count[i];
    if (discounts[i - 1] < 0)
      return std::nullopt;
  }
  return discounts;
}

double discount_of(std::uint32_t count, const Discounts& discounts) {
  return count == 0 ? 0.0 : discounts[std::min<std::size_t>(count, 3) - 1];
}

/// Sums over the n-grams of one context.
struct ContextSums {
  double counts = 0;
  double discounted = 0;
};

/// Sets the probabilities of an order and the backoff weights of the one below, which must have its
/// probabilities already.
void estimate_order(CountedOrder& ngrams, CountedOrder& shorter, const Discounts& discounts) {
  std::vector<ContextSums> sums(shorter.size());
  for (const CountedNgram& ngram : ngrams) {
    sums[ngram.context].counts += ngram.count;
    sums[ngram.context].discounted += discount_of(ngram.count, discounts);
  }
  for (std::size_t i = 0; i < shorter.size(); ++i)
    if (sums[i].counts > 0)
      shorter[i].backoff = sums[i].discounted / sums[i].counts;
  for (CountedNgram& ngram : ngrams) {
    const double own =
        (ngram.count - discount_of(ngram.count, discounts)) / sums[ngram.context].counts;
    ngram.probability = own + shorter[ngram.context].backoff * shorter[ngram.suffix].probability;
  }
}

void estimate_words(CountedOrder& words, const Discounts& discounts) {
  const double uniform = 1.0 / static_cast<double>(words.size() - 1);  // without <s>
  CountedOrder nothing(1);
  nothing[0].probability = uniform;
  estimate_order(words, nothing, discounts);
  words[NgramText::kBegin].probability = 0;
}

float log10_of(double value) {
  return static_cast<float>(value > 0 ? std::max(std::log10(value), kLowestLog10) : kLowestLog10);
}

/// Neighbors share their context, which makes the file quick to read.
std::vector<EstimatedNgrams::Ngram> sorted_by_context(const CountedOrder& counted,
                                                      std::vector<std::uint32_t>& moved) {
  std::vector<std::uint32_t> order(counted.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto place = [&](std::uint32_t i) {
    return std::pair(moved.empty() ? counted[i].context : moved[counted[i].context],
                     counted[i].word);
  };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return place(a) < place(b); });
  std::vector<EstimatedNgrams::Ngram> sorted;
  std::vector<std::uint32_t> places(counted.size());
  for (const std::uint32_t i : order) {
    places[i] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back({.context = place(i).first,
                      .word = counted[i].word,
                      .log10 = log10_of(counted[i].probability),
                      .backoff = log10_of(counted[i].backoff)});
  }
  moved = std::move(places);
  return sorted;
}

/// The words of every n-gram of one order, as text.
std::string ngram_text(const EstimatedNgrams& ngrams, std::size_t n, std::uint32_t index) {
  const auto& ngram = ngrams.orders[n - 1][index];
  if (n == 1)
    return ngrams.vocabulary[ngram.word];
  return ngram_text(ngrams, n - 1, ngram.context) + " " + ngrams.vocabulary[ngram.word];
}

}  // namespace

EstimatedNgrams estimate_kneser_ney(NgramText text, int order) {
  require(order >= 1, ErrorKind::kUsage, "n-grams of {} words cannot be counted", order);
  std::vector<CountedOrder> orders = count_ngrams(text, order);
  EstimatedNgrams result;
  result.vocabulary = std::move(text.vocabulary);
  for (std::size_t k = 0; k < orders.size(); ++k) {
    const auto measured = measured_discounts(orders[k]);
    result.discounts.push_back(measured.value_or(kDefaultDiscounts));
    if (!measured)
      result.default_discounts.push_back(static_cast<int>(k) + 1);
    if (k == 0)
      estimate_words(orders[0], result.discounts[0]);
    else
      estimate_order(orders[k], orders[k - 1], result.discounts[k]);
  }
  std::vector<std::uint32_t> moved;
  for (const CountedOrder& counted : orders)
    result.orders.push_back(sorted_by_context(counted, moved));
  return result;
}

void write_arpa(const EstimatedNgrams& ngrams, const std::filesystem::path& file) {
  AtomicFile out(file);
  out.write("\\data\\\n");
  for (std::size_t n = 1; n <= ngrams.orders.size(); ++n)
    out.write(fmt::format("ngram {}={}\n", n, ngrams.orders[n - 1].size()));
  for (std::size_t n = 1; n <= ngrams.orders.size(); ++n) {
    out.write(fmt::format("\n\\{}-grams:\n", n));
    const bool last = n == ngrams.orders.size();
    for (std::uint32_t i = 0; i < ngrams.orders[n - 1].size(); ++i) {
      const auto& ngram = ngrams.orders[n - 1][i];
      const std::string words = ngram_text(ngrams, n, i);
      out.write(last ? fmt::format("{:.7g}\t{}\n", ngram.log10, words)
                     : fmt::format("{:.7g}\t{}\t{:.7g}\n", ngram.log10, words, ngram.backoff));
    }
  }
  out.write("\n\\end\\\n");
  out.commit();
}

}  // namespace lipsound2::asr
