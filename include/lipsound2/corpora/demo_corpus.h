#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lipsound2::corpora {

/// A corpus made without any download: sentences spoken by eSpeak NG, with a drawn face whose mouth
/// follows the phonemes. In English they are GRID's, in Mandarin those of a file.
struct DemoCorpusConfig {
  std::filesystem::path out;
  std::int64_t clips = 200;  ///< over all speakers, who share them evenly
  std::int64_t speakers = 2;
  std::uint64_t seed = 1;                ///< the same seed gives the same bytes
  std::string language = "en";           ///< or "cmn"
  std::filesystem::path sentences = {};  ///< for "cmn": one a line, in Chinese characters alone
  std::int64_t characters = 0;  ///< for "cmn": take sentences of so many at most; 0: of any
};

/// A file at the root of a demo corpus: it names the settings, so that two are never mixed in one
/// folder, and tells that its talkers are not those of GRID.
constexpr const char* kDemoCorpusNote = "demo_corpus.txt";

/// English: writes `out` in GRID's own layout: sN/<id>.mpg (MPEG-1, 25 pictures of 360x288 a
/// second, 75 pictures, MP2 sound) and alignments/sN/<id>.align ("begin end word", 1000 units a
/// picture). Mandarin: in CMLR's own layout, each clip as long as its sentence:
/// video/sN/<date>/<stem>.mp4 (silent), audio/... .wav (16 kHz), text/... .txt (the sentence, then
/// the times of its characters), and train.csv, val.csv, test.csv. Of twenty sentences, whoever
/// says them, one is for validation and two are for testing.
///
/// No speaker says a sentence twice. `out` may hold the same corpus, which is written again, but
/// nothing else. Throws kUsage for numbers, a language or sentences that cannot be had and for a
/// folder that holds something else, kData for a file of sentences that is none, kIo where it
/// cannot write or eSpeak's data is missing.
void make_demo_corpus(const DemoCorpusConfig& config);

}  // namespace lipsound2::corpora
