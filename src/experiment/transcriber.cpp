#include "lipsound2/experiment/transcriber.h"

#include "lipsound2/core/error.h"

namespace lipsound2::experiment {

TextSearch::TextSearch(const asr::Alphabet& alphabet, const DecodingConfig& decoding)
    : model_(decoding.model.empty() ? std::nullopt
                                    : std::optional(asr::NgramModel::read(decoding.model))),
      words_(decoding.words.empty() ? std::nullopt
                                    : std::optional(asr::WordList::read(alphabet, decoding.words))),
      search_(alphabet,
              decoding.search,
              {.model = model_ ? &*model_ : nullptr, .words = words_ ? &*words_ : nullptr}) {}

asr::CtcHypothesis TextSearch::best(const Tensor& log_probs) const {
  const auto found = search_(log_probs);
  require(!found.empty(), ErrorKind::kData, "every text has probability 0");
  return found.front();
}

Transcriber::Transcriber(const TrainedRecognizer& trained, const DecodingConfig& decoding)
    : recognizer_(trained.network, trained.config, trained.device) {
  if (!decoding.model.empty() || !decoding.words.empty())
    search_.emplace(recognizer_.alphabet(), decoding);
}

std::vector<std::int64_t> Transcriber::labels_of(const Tensor& log_probs,
                                                 const std::string& name) const {
  if (!search_)
    return asr::ctc_greedy(log_probs, recognizer_.alphabet().outputs());
  try {
    return search_->best(log_probs).labels;
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", name, error.what());
  }
}

Transcript Transcriber::operator()(const audio::Waveform& sound, const std::string& name) {
  const Tensor log_probs = recognizer_.log_probs(sound, name);
  const asr::Alphabet& alphabet = recognizer_.alphabet();
  const std::vector<std::int64_t> labels = labels_of(log_probs, name);
  return {alphabet.decode(labels),
          timed_words(alphabet,
                      asr::ctc_align(log_probs, alphabet.outputs(), labels),
                      recognizer_.frame_seconds()),
          log_probs};
}

std::vector<TimedWord> timed_words(const asr::Alphabet& alphabet,
                                   const std::vector<asr::LabelSpan>& spans,
                                   double frame_seconds) {
  std::vector<TimedWord> words;
  bool begins = true;
  for (const asr::LabelSpan& span : spans) {
    if (span.label == alphabet.space()) {
      begins = true;
      continue;
    }
    if (begins || alphabet.unit() == asr::TextUnit::kCharacter)
      words.push_back({"", static_cast<double>(span.first_frame) * frame_seconds, 0});
    begins = false;
    words.back().text += alphabet.symbol(span.label);
    words.back().end = static_cast<double>(span.last_frame + 1) * frame_seconds;
  }
  return words;
}

}  // namespace lipsound2::experiment
