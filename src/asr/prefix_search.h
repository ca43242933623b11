#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lipsound2/asr/beam_search.h"

namespace lipsound2::asr {

/// What one search is made of; see BeamSearch.
struct SearchSetup {
  const Alphabet& alphabet;
  BeamSearchConfig config;
  SearchKnowledge knowledge;
  const std::vector<std::string>& symbols;
  const std::vector<NgramModel::Word>& words;
};

/// One run of the search over one clip. See Note [Prefixes without merging].
class PrefixSearch {
 public:
  explicit PrefixSearch(const SearchSetup& setup);

  /// Goes on by one frame: the log-probabilities of the symbols and, last, the blank.
  void step(const float* log_probs);
  std::vector<CtcHypothesis> finish();

 private:
  using Index = std::uint32_t;

  static constexpr Index kNone = std::numeric_limits<Index>::max();
  static constexpr double kImpossible = -std::numeric_limits<double>::infinity();

  /// What scoring a word (or character) adds, and where the model is then.
  struct Advance {
    double score = 0;
    NgramModel::State state = 0;
  };
  /// The start of a text, a node of the tree of all that were ever kept.
  struct Prefix {
    Index parent = kNone;
    Index first_child = kNone;
    Index next_sibling = kNone;
    std::int32_t label = -1;
    double blank = kImpossible;   ///< ln of all ways here that end in a blank
    double symbol = kImpossible;  ///< ... that end in the last symbol
    double total = kImpossible;   ///< ... of both
    double next_blank = kImpossible;
    double next_symbol = kImpossible;
    double next_total = kImpossible;
    double knowledge = 0;  ///< weighted model and word scores so far
    NgramModel::State state = 0;
    WordList::Node letters = WordList::kRoot;
    bool live = false;
    bool in_word = false;
    bool word_scored = false;  ///< whether word_end is known
    Advance word_end;
  };
  /// What may be kept of a frame: a prefix as it is (label -1), or with one more symbol.
  struct Candidate {
    double score = 0;
    Index prefix = 0;
    std::int32_t label = -1;
    double symbol = 0;  ///< of the longer prefix: its ways all end in the symbol
    double knowledge = 0;
  };

  bool by_words() const { return setup_.alphabet.space().has_value(); }
  void stay(const float* log_probs);
  double symbol_again(const Prefix& prefix, const float* log_probs) const;
  void sort_symbols(const float* log_probs);
  void extend(Index index, const float* log_probs);
  double knowledge_after(Index index, std::int32_t label);
  bool may_follow(const Prefix& prefix, std::int32_t label) const;
  void propose(const Candidate& candidate);
  void keep_best();
  void take_over();
  Index child_of(Index parent, std::int32_t label);
  void start_child(Prefix& child, const Prefix& parent);
  Advance scored(NgramModel::State state, NgramModel::Word word) const;
  const Advance& word_end(Index index);
  std::string last_word(Index index) const;
  double ending(Index index);
  CtcHypothesis hypothesis(Index index, double ending) const;

  SearchSetup setup_;
  std::vector<Prefix> prefixes_;
  std::vector<Index> live_;  ///< best first
  std::vector<Candidate> candidates_;
  double threshold_ = kImpossible;            ///< what a candidate must exceed
  std::vector<std::int32_t> by_probability_;  ///< possible symbols of the frame, likeliest first
  std::vector<Index> taken_;  ///< per symbol: the last prefix with such a live child
};

}  // namespace lipsound2::asr
