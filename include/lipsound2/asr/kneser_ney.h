#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "lipsound2/asr/ngram_text.h"

namespace lipsound2::asr {

/// What is taken off the counts 1, 2 and 3 or more of an order.
using Discounts = std::array<double, 3>;

/// An n-gram model as it is written: order by order, each n-gram as its context (the index of the
/// n-gram without its last word, one order lower) and its last word.
struct EstimatedNgrams {
  struct Ngram {
    std::uint32_t context = 0;  ///< 0 for single words
    std::uint32_t word = 0;
    float log10 = 0;
    float backoff = 0;  ///< log10; 0 where nothing follows
  };

  std::vector<std::string> vocabulary;
  std::vector<std::vector<Ngram>> orders;
  std::vector<Discounts> discounts;
  /// Orders, from 1, too small or too regular for discounts of their own; they got 0.5, 1 and 1.5.
  std::vector<int> default_discounts;
};

/// Interpolated modified Kneser-Ney (Chen and Goodman 1999, section 4.1.6 and equations 25 to 28):
/// the highest order and n-grams that begin a sentence are counted as they come, the others by the
/// number of words before them; 1-grams are interpolated with the uniform distribution over all
/// words, <unk> and </s>. Each context's distribution sums to one. Nothing is pruned.
EstimatedNgrams estimate_kneser_ney(NgramText text, int order);

/// Writes an ARPA file, whole or not at all.
void write_arpa(const EstimatedNgrams& ngrams, const std::filesystem::path& file);

}  // namespace lipsound2::asr
