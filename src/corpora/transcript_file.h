#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::corpora {

/// Words between two times, in the unit of the file.
struct TimedWords {
  double start = 0;
  double end = 0;
  std::string words;
};

/// What a text file beside a clip says.
struct Transcript {
  std::string text;               ///< all words with one blank between them; empty: none
  std::vector<TimedWords> timed;  ///< by lines, where every line of the file begins with two times
  std::string note;               ///< why a file that is there gives no text; empty otherwise
};

bool is_utf8(std::string_view text);

/// The words of plain lines, or of lines "start end words" as TIMIT has them. Byte order marks and
/// carriage returns are passed over. Throws kIo when the file cannot be read.
Transcript read_transcript(const std::filesystem::path& file);

/// The words of the first line of a text alone.
Transcript first_line(std::string bytes);

}  // namespace lipsound2::corpora
