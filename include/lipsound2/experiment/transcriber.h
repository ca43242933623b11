#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lipsound2/asr/beam_search.h"
#include "lipsound2/asr/ctc.h"
#include "lipsound2/experiment/recognizer.h"
#include "lipsound2/experiment/runs.h"

namespace lipsound2::experiment {

/// A word (a character, for alphabets without a space) and when it was spoken, in seconds.
struct TimedWord {
  std::string text;
  double begin = 0;
  double end = 0;
};

struct Transcript {
  std::string text;
  std::vector<TimedWord> words;
  Tensor log_probs;  ///< [T, symbols + blank], what the text was found in
};

/// How texts are found: greedily, or by beam search where a model or a word list is given.
struct DecodingConfig {
  std::filesystem::path model;  ///< ARPA file; empty: none
  std::filesystem::path words;  ///< text file of the only allowed words; empty: any
  asr::BeamSearchConfig search;
};

/// A beam search with the model and the word list that it leans on. Immutable, so safe to use from
/// several threads.
class TextSearch {
 public:
  /// Throws kIo or kData when the model or the word list is not readable.
  TextSearch(const asr::Alphabet& alphabet, const DecodingConfig& decoding);
  TextSearch(const TextSearch&) = delete;  // the search points to the other two
  TextSearch& operator=(const TextSearch&) = delete;

  /// As asr::BeamSearch, but throws kData when every text has probability 0.
  asr::CtcHypothesis best(const Tensor& log_probs) const;

 private:
  std::optional<asr::NgramModel> model_;
  std::optional<asr::WordList> words_;
  asr::BeamSearch search_;
};

/// Sound to text with times. Deterministic. One thread at a time.
class Transcriber {
 public:
  /// Errors of TextSearch.
  Transcriber(const TrainedRecognizer& trained, const DecodingConfig& decoding);

  /// Sound of any rate. Throws kData, with `name`, when it is shorter than a hop, or when no text
  /// is possible.
  Transcript operator()(const audio::Waveform& sound, const std::string& name);

  const asr::Alphabet& alphabet() const { return recognizer_.alphabet(); }

 private:
  std::vector<std::int64_t> labels_of(const Tensor& log_probs, const std::string& name) const;

  Recognizer recognizer_;
  std::optional<TextSearch> search_;  ///< none: greedy
};

/// The words that the labels spell, each from its first letter to its last.
std::vector<TimedWord> timed_words(const asr::Alphabet& alphabet,
                                   const std::vector<asr::LabelSpan>& spans,
                                   double frame_seconds);

/// Subtitles in the SubRip format: a new one after a pause of half a second, and after 5 seconds.
/// Characters are written without spaces between them.
std::string to_srt(const Transcript& transcript, asr::TextUnit unit);

}  // namespace lipsound2::experiment
