#include "lipsound2/asr/ngram_text.h"

#include <functional>
#include <unordered_map>

#include "lipsound2/core/error.h"
#include "lipsound2/core/utf8.h"

#include "text_lines.h"

namespace lipsound2::asr {
namespace {

constexpr std::string_view kWhiteSpace = " \t\v\f\r\n";

std::vector<std::string_view> split_words(std::string_view sentence) {
  std::vector<std::string_view> words;
  std::size_t from = sentence.find_first_not_of(kWhiteSpace);
  while (from != std::string_view::npos) {
    const std::size_t to = std::min(sentence.find_first_of(kWhiteSpace, from), sentence.size());
    words.push_back(sentence.substr(from, to - from));
    from = sentence.find_first_not_of(kWhiteSpace, to);
  }
  return words;
}

// U+3000 is the white space that Chinese text uses.
bool is_white_space(std::string_view character) {
  return kWhiteSpace.find(character) != std::string_view::npos || character == "\u3000";
}

std::vector<std::string_view> split_characters(std::string_view sentence) {
  std::vector<std::string_view> characters;
  for (std::size_t from = 0; from < sentence.size();) {
    std::size_t to = from + 1;
    while (to < sentence.size() && (static_cast<unsigned char>(sentence[to]) & 0xC0) == 0x80)
      ++to;
    const std::string_view character = sentence.substr(from, to - from);
    if (!is_white_space(character))
      characters.push_back(character);
    from = to;
  }
  return characters;
}

/// Numbers words as they come.
class TextGatherer {
 public:
  explicit TextGatherer(TextUnit unit) : unit_(unit) {}

  /// `place` is what errors call the sentence.
  void add(std::string_view sentence, const std::function<std::string()>& place) {
    std::vector<std::string_view> words;
    try {
      words = split_text(sentence, unit_);
    } catch (const Error& error) {
      fail(error.kind(), "{}: {}", place(), error.what());
    }
    if (words.empty())
      return;
    text_.tokens.push_back(NgramText::kBegin);
    for (const std::string_view word : words)
      text_.tokens.push_back(number_of(word, place));
    text_.tokens.push_back(NgramText::kEnd);
  }

  NgramText finish(const std::string& name) {
    require(!text_.tokens.empty(), ErrorKind::kData, "{}: expected sentences, found none", name);
    return std::move(text_);
  }

 private:
  std::uint32_t number_of(std::string_view word, const std::function<std::string()>& place) {
    require(word != "<unk>" && word != "<s>" && word != "</s>",
            ErrorKind::kData,
            "{}: the word '{}' has a meaning of its own in n-gram models",
            place(),
            word);
    const auto [at, added] = numbers_.try_emplace(
        std::string(word), static_cast<std::uint32_t>(text_.vocabulary.size()));
    if (added)
      text_.vocabulary.emplace_back(word);
    return at->second;
  }

  TextUnit unit_;
  NgramText text_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace

std::vector<std::string_view> split_text(std::string_view sentence, TextUnit unit) {
  decode_utf8(sentence);  // throws
  return unit == TextUnit::kWord ? split_words(sentence) : split_characters(sentence);
}

NgramText read_ngram_text(const std::filesystem::path& file, TextUnit unit) {
  TextLines lines(file);
  TextGatherer gatherer(unit);
  const auto place = [&lines] { return fmt::format("{}:{}", lines.name(), lines.number()); };
  while (const auto line = lines.next())
    gatherer.add(*line, place);
  return gatherer.finish(lines.name());
}

NgramText make_ngram_text(const std::vector<std::string>& sentences,
                          TextUnit unit,
                          const std::string& name) {
  TextGatherer gatherer(unit);
  std::size_t number = 0;
  const auto place = [&] { return fmt::format("{}, text {}", name, number); };
  for (const std::string& sentence : sentences) {
    ++number;
    gatherer.add(sentence, place);
  }
  return gatherer.finish(name);
}

}  // namespace lipsound2::asr
