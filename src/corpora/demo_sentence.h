#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lipsound2::corpora::demo {

/// Command, color, preposition, letter, digit, adverb.
inline constexpr std::int64_t kWordsPerSentence = 6;
/// 4 commands x 4 colors x 4 prepositions x 25 letters x 10 digits x 4 adverbs.
inline constexpr std::int64_t kSentences = 4 * 4 * 4 * 25 * 10 * 4;

struct Sentence {
  std::string id;                  ///< what errors call it
  std::vector<std::string> words;  ///< of Mandarin: characters
  std::string spoken;              ///< eSpeak's input: as many words
};

/// The sentence of the GRID grammar (Cooke, Barker, Cunningham, Shao 2006) with this number, 0 <=
/// index < kSentences. The id has one character per word, as in "lwbz9s": lay white by z nine soon.
Sentence make_sentence(std::int64_t index);

/// The first `count` sentences of an order shuffled by the seed: all different.
std::vector<Sentence> draw_sentences(std::int64_t count, std::uint64_t seed);

}  // namespace lipsound2::corpora::demo
