#pragma once

#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"

#include "demo_sentence.h"

namespace lipsound2::corpora::demo {

/// How one speaker sounds.
struct VoiceStyle {
  std::string name = "en-us";  ///< eSpeak's language and variant, such as "en-us+f2"
  int pitch = 50;              ///< 0 to 99
  int pitch_range = 50;        ///< 0 (monotone) to 99
  int words_per_minute = 130;
};

/// A phoneme under eSpeak's name ("i:", "tS", "_" for silence). The event of a stop is its release:
/// the closure lies before `begin`. Times in seconds.
struct Phoneme {
  std::string name;
  double begin = 0;
  double end = 0;
};

/// Times in seconds.
struct SpokenWord {
  std::string text;
  double begin = 0;
  double end = 0;
};

struct Utterance {
  audio::Waveform sound;
  std::vector<Phoneme> phonemes;
  std::vector<SpokenWord> words;
};

/// Speaks with eSpeak NG, without silence before and after, peak 0.5. Equal calls give equal
/// samples: since the library's state outlives a call (and its clean end is not safe), each
/// sentence is spoken in a child process of its own. Throws kIo when eSpeak's data is missing and
/// kData when eSpeak does not know the voice or loses a word.
Utterance speak(const VoiceStyle& style, const Sentence& sentence);

/// The utterance inside `seconds` of quiet room (noise at -60 dB of full scale), beginning at
/// `start`.
Utterance place_in_room(const Utterance& speech, double start, double seconds, std::uint64_t seed);

}  // namespace lipsound2::corpora::demo
