#include "demo_texts.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/utf8.h"

#include "transcript_file.h"

namespace lipsound2::corpora::demo {

namespace {

/// The blocks of unified ideographs that Unicode calls CJK, extension A, and the planes behind.
bool is_chinese(char32_t code) {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
         (code >= 0x20000 && code <= 0x3ffff);
}

/// A line without blanks and without the name of a clip before it.
std::string sentence_of(const std::string& line) {
  std::istringstream fields(line);
  std::string sentence;
  for (std::string field; fields >> field;)
    if (!sentence.empty() || field.find('/') == std::string::npos)
      sentence += field;
  return sentence;
}

using CharacterSet = std::set<char32_t>;

/// In how many of the sentences each character is.
std::map<char32_t, std::int64_t> spread_of(const std::vector<CharacterSet>& sentences) {
  std::map<char32_t, std::int64_t> spread;
  for (const CharacterSet& sentence : sentences)
    for (const char32_t code : sentence)
      ++spread[code];
  return spread;
}

/// Those that are in the fewest sentences, at most `count` of them.
CharacterSet rarest(const std::map<char32_t, std::int64_t>& spread, std::int64_t count) {
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (const auto& [code, sentences] : spread)
    fewest = std::min(fewest, sentences);
  CharacterSet found;
  for (const auto& [code, sentences] : spread)
    if (sentences == fewest && static_cast<std::int64_t>(found.size()) < count)
      found.insert(code);
  return found;
}

}  // namespace

std::vector<std::string> read_chinese_texts(const std::filesystem::path& file) {
  std::istringstream lines(without_byte_order_mark(read_file(file)));
  std::vector<std::string> texts;
  std::set<std::string> known;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::string sentence = sentence_of(line);
    require(is_utf8(sentence) && std::ranges::all_of(decode_utf8(sentence), is_chinese),
            ErrorKind::kData,
            "{}: line {}: expected a sentence of Chinese characters alone, in UTF-8, found '{}'",
            file.string(),
            number,
            line);
    if (!sentence.empty() && known.insert(sentence).second)
      texts.push_back(std::move(sentence));
  }
  require(!texts.empty(),
          ErrorKind::kData,
          "{}: expected sentences, one a line, found none",
          file.string());
  return texts;
}

std::vector<std::string> of_few_characters(std::vector<std::string> texts,
                                           std::int64_t characters) {
  std::vector<CharacterSet> sentences;
  for (const std::string& text : texts) {
    const std::u32string codes = decode_utf8(text);
    sentences.emplace_back(codes.begin(), codes.end());
  }
  for (;;) {
    const auto spread = spread_of(sentences);
    const auto excess = static_cast<std::int64_t>(spread.size()) - characters;
    if (excess <= 0)
      return texts;
    const CharacterSet leaving = rarest(spread, excess);
    const auto has_leaving = [&leaving](const CharacterSet& sentence) {
      return std::ranges::any_of(sentence, [&](char32_t code) { return leaving.contains(code); });
    };
    std::size_t kept = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (has_leaving(sentences[i]))
        continue;
      std::swap(texts[kept], texts[i]);
      std::swap(sentences[kept++], sentences[i]);
    }
    texts.resize(kept);
    sentences.resize(kept);
  }
}

}  // namespace lipsound2::corpora::demo
