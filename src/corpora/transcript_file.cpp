#include "transcript_file.h"

#include <array>
#include <optional>
#include <sstream>

#include "lipsound2/core/file.h"

namespace lipsound2::corpora {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// How many bytes follow the first byte of a character, and the least code that needs so many.
struct Utf8Length {
  int following;
  char32_t least;
};

std::optional<Utf8Length> utf8_length(unsigned char first) {
  if (first < 0x80)
    return Utf8Length{0, 0};
  if (first >= 0xc0 && first < 0xe0)
    return Utf8Length{1, 0x80};
  if (first >= 0xe0 && first < 0xf0)
    return Utf8Length{2, 0x800};
  if (first >= 0xf0 && first < 0xf8)
    return Utf8Length{3, 0x10000};
  return std::nullopt;
}

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

/// All of a file, with a note instead if it is not UTF-8.
Transcript read_plain(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  if (bytes.starts_with(kByteOrderMark))
    bytes.erase(0, kByteOrderMark.size());
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
  for (std::size_t i = 0; i < text.size();) {
    const std::optional<Utf8Length> length = utf8_length(static_cast<unsigned char>(text[i]));
    if (!length || i + static_cast<std::size_t>(length->following) >= text.size())
      return false;
    constexpr std::array<unsigned, 4> kFirstBits{0x7f, 0x1f, 0x0f, 0x07};
    char32_t code = static_cast<unsigned char>(text[i++]) &
                    kFirstBits[static_cast<std::size_t>(length->following)];
    for (int n = 0; n < length->following; ++n) {
      const auto byte = static_cast<unsigned char>(text[i++]);
      if (byte < 0x80 || byte >= 0xc0)
        return false;
      code = code << 6 | (byte & 0x3f);
    }
    if (code < length->least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
      return false;
  }
  return true;
}

Transcript read_transcript(const std::filesystem::path& file) {
  Transcript transcript = read_plain(file);
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

Transcript read_first_line(const std::filesystem::path& file) {
  Transcript transcript = read_plain(file);
  std::string words;
  append_words(words, transcript.text.substr(0, transcript.text.find('\n')));
  transcript.text = words;
  note_empty(transcript);
  return transcript;
}

}  // namespace lipsound2::corpora
