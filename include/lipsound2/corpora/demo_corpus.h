#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lipsound2::corpora {

/// A corpus made without any download: GRID sentences spoken by eSpeak NG, with a drawn face whose
/// mouth follows the phonemes.
struct DemoCorpusConfig {
  std::filesystem::path out;
  std::int64_t clips = 200;  ///< over all speakers, who share them evenly
  std::int64_t speakers = 2;
  std::uint64_t seed = 1;  ///< the same seed gives the same bytes
  std::string language = "en";
};

/// A file at the root of a demo corpus: it names the settings, so that two are never mixed in one
/// folder, and tells that its talkers are not those of GRID.
constexpr const char* kDemoCorpusNote = "demo_corpus.txt";

/// Writes `out` in GRID's own layout: sN/<id>.mpg (MPEG-1, 25 pictures of 360x288 a second, 75
/// pictures, MP2 sound) and alignments/sN/<id>.align ("begin end word", 1000 units a picture).
/// No speaker says a sentence twice. `out` may hold the same corpus, which is written again, but
/// nothing else. Throws kUsage for numbers or a language that cannot be had and for a folder that
/// holds something else, kIo where it cannot write or eSpeak's data is missing.
void make_demo_corpus(const DemoCorpusConfig& config);

}  // namespace lipsound2::corpora
