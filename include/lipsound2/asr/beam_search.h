#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "lipsound2/asr/alphabet.h"
#include "lipsound2/asr/ngram_model.h"
#include "lipsound2/asr/word_list.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::asr {

struct BeamSearchConfig {
  std::int64_t beam = 128;  ///< texts kept per frame
  double alpha = 0.5;       ///< weight of the language model
  double beta = 0.5;        ///< added per word (character, for alphabets without a space)
  /// Texts whose score is this much below a frame's best are dropped.
  double prune = std::numeric_limits<double>::infinity();
};

/// What a search may lean on besides the frames. The things pointed to must outlive the search.
struct SearchKnowledge {
  const NgramModel* model = nullptr;
  const WordList* words = nullptr;
};

struct CtcHypothesis {
  std::vector<std::int64_t> labels;
  double score = 0;     ///< what texts are ordered by
  double acoustic = 0;  ///< ln of the sum over all ways through the frames that give the labels
};

/// CTC prefix beam search (Graves and Jaitly 2014; Hannun et al. 2014). The score of a text is
///
///     ln P(text | frames) + alpha * ln P(text, end | model) + beta * number of words
///
/// with every word (character) scored when it is complete; alpha 0 is exactly no model. With a word
/// list, words outside of it are never begun; a last word that the frames leave unfinished is
/// dropped, or cut off when there is nothing else. Sums are in log space. The cost grows linearly
/// with the beam. Immutable, so safe to use from several threads.
class BeamSearch {
 public:
  BeamSearch(const Alphabet& alphabet, BeamSearchConfig config, SearchKnowledge knowledge = {});

  /// log_probs [T, alphabet.outputs()], natural logarithms -> at most `beam` texts, best first;
  /// none when every text has probability 0. Errors of checked_log_probs().
  std::vector<CtcHypothesis> operator()(const Tensor& log_probs) const;

 private:
  Alphabet alphabet_;
  BeamSearchConfig config_;
  SearchKnowledge knowledge_;
  std::vector<std::string> symbols_;
  std::vector<NgramModel::Word> words_;  ///< the model's word for each symbol
};

}  // namespace lipsound2::asr
