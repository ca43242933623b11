#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace lipsound2::eval {

/// What is said in a clip, and where that is written.
struct ClipText {
  std::string text;   ///< valid UTF-8, as it stands in the file
  std::string place;  ///< "ref.trn:12" or "ref/s1.txt"
};

/// The texts of clips by id. `path` may be
/// * a folder: each of its .txt files is the text of a clip, its stem the id; other files are left;
/// * a file named .trn, or one whose every line ends in an id in parentheses and that has no tab:
///   "text (id)", as sclite reads. Alternatives in braces are refused;
/// * a .txt file of one line, or none, without a tab: the text of one clip, whose id is empty;
/// * any other file: a clip in a line, the id up to the first tab or, without one, the first space,
///   then the text: "id<TAB>text", or Kaldi's "id text". The text may be missing.
/// Lines that are blank or begin with ";;" hold no clip; a byte order mark vanishes.
/// Throws kIo for a path that is not there, and kData, naming file and line, for invalid UTF-8, a
/// line without id, an id that comes twice, and for a transcript or folder without any text.
std::map<std::string, ClipText> read_transcript(const std::filesystem::path& path);

}  // namespace lipsound2::eval
