#include "lipsound2/asr/beam_search.h"

#include <utility>

#include "lipsound2/asr/ctc.h"
#include "lipsound2/core/error.h"

#include "prefix_search.h"

namespace lipsound2::asr {

BeamSearch::BeamSearch(const Alphabet& alphabet, BeamSearchConfig config, SearchKnowledge knowledge)
    : alphabet_(alphabet), config_(config), knowledge_(knowledge) {
  require(knowledge_.words == nullptr || alphabet_.space().has_value(),
          ErrorKind::kUsage,
          "a word list needs an alphabet with a space");
  if (config_.alpha == 0)
    knowledge_.model = nullptr;
  for (std::int64_t label = 0; label < alphabet_.size(); ++label) {
    symbols_.push_back(alphabet_.symbol(label));
    words_.push_back(knowledge_.model == nullptr ? NgramModel::kUnknown
                                                 : knowledge_.model->word(symbols_.back()));
  }
}

std::vector<CtcHypothesis> BeamSearch::operator()(const Tensor& log_probs) const {
  const Tensor checked = checked_log_probs(log_probs, alphabet_.outputs());
  PrefixSearch search({alphabet_, config_, knowledge_, symbols_, words_});
  const auto* rows = checked.const_data_ptr<float>();
  for (std::int64_t t = 0; t < checked.size(0); ++t)
    search.step(rows + t * checked.size(1));
  return search.finish();
}

}  // namespace lipsound2::asr
