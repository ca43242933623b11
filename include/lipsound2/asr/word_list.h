#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lipsound2/asr/alphabet.h"

namespace lipsound2::asr {

/// The only words that a search may write, as a tree of letters. Immutable, so safe to use from
/// several threads.
class WordList {
 public:
  using Node = std::uint32_t;

  static constexpr Node kRoot = 0;
  static constexpr Node kNowhere = static_cast<Node>(-1);

  /// Throws kData, naming `source`, when there is no word, or words have letters outside of the
  /// alphabet, white space, or none.
  WordList(const Alphabet& alphabet,
           const std::vector<std::string>& words,
           const std::string& source);
  /// One word per line, plain or gzip; empty lines are passed over. Also throws kIo.
  static WordList read(const Alphabet& alphabet, const std::filesystem::path& file);

  /// After one more letter; kNowhere when no word goes on like this.
  Node step(Node node, std::int64_t label) const;
  /// Whether the letters up to here are a word.
  bool is_word(Node node) const { return letters_[node].ends_word; }

 private:
  struct Letter {
    std::int64_t label = -1;
    Node first_child = kNowhere;
    Node next_sibling = kNowhere;
    bool ends_word = false;
  };

  void add(const std::vector<std::int64_t>& labels);

  std::vector<Letter> letters_;
};

}  // namespace lipsound2::asr
