#include "transcript_file.h"

#include <optional>
#include <sstream>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/utf8.h"

namespace lipsound2::corpora {
namespace {

/// The rest of a line after its two times, or nothing if it does not begin with them. A line of
/// numbers alone is somebody counting.
std::optional<TimedWords> timed_words(const std::string& line) {
  std::istringstream fields(line);
  TimedWords timed;
  if (!(fields >> timed.start >> timed.end) || timed.end < timed.start)
    return std::nullopt;
  for (std::string word; fields >> word;)
    timed.words += (timed.words.empty() ? "" : " ") + word;
  const bool has_words = timed.words.find_first_not_of("0123456789. ") != std::string::npos;
  return has_words ? std::optional(timed) : std::nullopt;
}

/// All of it, with a note instead if it is not UTF-8.
Transcript plain_text(std::string bytes) {
  bytes = without_byte_order_mark(std::move(bytes));
  if (!is_utf8(bytes))
    return {.text = "", .timed = {}, .note = "transcript left out, it is not UTF-8"};
  return {.text = std::move(bytes), .timed = {}, .note = ""};
}

void note_empty(Transcript& transcript) {
  if (transcript.text.empty() && transcript.note.empty())
    transcript.note = "transcript left out, it is empty";
}

void append_words(std::string& text, const std::string& line) {
  std::istringstream fields(line);
  for (std::string word; fields >> word;)
    text += (text.empty() ? "" : " ") + word;
}

}  // namespace

bool is_utf8(std::string_view text) {
  try {
    decode_utf8(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Transcript read_transcript(const std::filesystem::path& file) {
  Transcript transcript = plain_text(read_file(file));
  std::string plain;
  std::string without_times;
  bool all_timed = true;
  std::istringstream lines(transcript.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos)
      continue;
    append_words(plain, line);
    const std::optional<TimedWords> timed = timed_words(line);
    all_timed &= timed.has_value();
    if (!timed)
      continue;
    append_words(without_times, timed->words);
    transcript.timed.push_back(*timed);
  }
  if (!all_timed)
    transcript.timed.clear();
  transcript.text = all_timed ? without_times : plain;
  note_empty(transcript);
  return transcript;
}

Transcript first_line(std::string bytes) {
  Transcript transcript = plain_text(std::move(bytes));
  std::string words;
  append_words(words, transcript.text.substr(0, transcript.text.find('\n')));
  transcript.text = words;
  note_empty(transcript);
  return transcript;
}

}  // namespace lipsound2::corpora
