#include "lipsound2/asr/word_list.h"

#include <algorithm>

#include "lipsound2/core/error.h"

#include "text_lines.h"

namespace lipsound2::asr {

WordList::WordList(const Alphabet& alphabet,
                   const std::vector<std::string>& words,
                   const std::string& source)
    : letters_(1) {
  require(!words.empty(), ErrorKind::kData, "{}: expected words, found none", source);
  alphabet.check_texts(words, source);
  for (const std::string& word : words) {
    require(split_text(word, TextUnit::kWord).size() == 1,
            ErrorKind::kData,
            "{}: expected single words, found '{}'",
            source,
            word);
    add(alphabet.encode(word, source));
  }
}

WordList WordList::read(const Alphabet& alphabet, const std::filesystem::path& file) {
  TextLines lines(file);
  std::vector<std::string> words;
  while (const auto line = lines.next())
    if (!split_text(*line, TextUnit::kWord).empty())
      words.emplace_back(*line);
  return {alphabet, words, file.string()};
}

WordList::Node WordList::step(Node node, std::int64_t label) const {
  Node child = letters_[node].first_child;
  while (child != kNowhere && letters_[child].label != label)
    child = letters_[child].next_sibling;
  return child;
}

void WordList::add(const std::vector<std::int64_t>& labels) {
  Node node = kRoot;
  for (const std::int64_t label : labels) {
    Node next = step(node, label);
    if (next == kNowhere) {
      next = static_cast<Node>(letters_.size());
      letters_.push_back({.label = label, .next_sibling = letters_[node].first_child});
      letters_[node].first_child = next;
    }
    node = next;
  }
  letters_[node].ends_word = true;
}

}  // namespace lipsound2::asr
