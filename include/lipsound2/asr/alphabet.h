#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/asr/ngram_text.h"

namespace lipsound2::asr {

/// The symbols that a recognizer writes, numbered from 0; the blank of CTC comes after them.
/// With a space among them the texts are words, without one they are characters.
class Alphabet {
 public:
  /// Throws kData when there is no symbol, or one comes twice.
  explicit Alphabet(std::u32string symbols);

  /// Space, a to z and the apostrophe, in the order of the published English models.
  static Alphabet english();
  /// Every character of the texts that is not white space, sorted by code point.
  static Alphabet of_characters(const std::vector<std::string>& texts);
  /// The reverse of text().
  static Alphabet parse(std::string_view utf8);

  /// All symbols one after another, to be stored.
  std::string text() const;
  std::int64_t size() const { return static_cast<std::int64_t>(symbols_.size()); }
  std::int64_t blank() const { return size(); }
  /// Columns of log-probabilities: the symbols and the blank.
  std::int64_t outputs() const { return size() + 1; }
  std::optional<std::int64_t> space() const { return space_; }
  TextUnit unit() const { return space_ ? TextUnit::kWord : TextUnit::kCharacter; }
  std::string symbol(std::int64_t label) const;

  /// Characters of the texts that are no symbols, with how often they come. White space is never
  /// among them.
  std::map<char32_t, std::int64_t> unknown_characters(const std::vector<std::string>& texts) const;
  /// What unknown_characters() found, in words; empty when it found none.
  std::string describe_unknown(const std::map<char32_t, std::int64_t>& unknown) const;
  /// Throws kData that lists all of them; `source` is what the error calls the texts.
  void check_texts(const std::vector<std::string>& texts, const std::string& source) const;

  /// Symbols of a text; a run of white space is one space, or nothing where the alphabet has no
  /// space. Throws as check_texts() does.
  std::vector<std::int64_t> encode(const std::string& text, const std::string& source) const;
  /// Text of symbols, with single spaces and none at the ends.
  std::string decode(std::span<const std::int64_t> labels) const;

 private:
  std::u32string symbols_;
  std::map<char32_t, std::int64_t> labels_;
  std::optional<std::int64_t> space_;
};

/// Such as "U+00E9 'é' (12 times), U+0031 '1' (once)".
std::string describe_characters(const std::map<char32_t, std::int64_t>& counts);

}  // namespace lipsound2::asr
