#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::eval {

/// Words or characters, each as UTF-8.
using TextUnits = std::vector<std::string>;

/// The simple lower case mapping of Unicode for the Latin letters of European languages, Vietnamese
/// and pinyin, for modern Greek, Cyrillic, Armenian and the full-width Latin letters (the blocks up
/// to U+0556, U+1E00 to U+1EFF, U+FF21 to U+FF3A, without phonetic and historic letters). Other
/// code points stay as they are. Does not depend on the locale.
char32_t lower_case(char32_t letter);

/// The text as words are compared:
/// 1. Letters become lower case, see lower_case().
/// 2. An apostrophe (U+0027, U+2019, U+02BC, U+FF07) between two characters that are neither white
///    space nor punctuation stays, as U+0027.
/// 3. Every other punctuation mark and symbol of ASCII, Latin-1, General Punctuation, CJK Symbols
///    and Punctuation, and their full-width, small and vertical forms separates words, as white
///    space does: "well-known" is two words. Soft hyphens, zero-width characters and byte order
///    marks vanish.
/// 4. Runs of white space become one space, with none at the ends.
/// Digits are not spelled out, and composed and decomposed letters are not made equal (no Unicode
/// normalization form). Throws what decode_utf8() throws.
std::string normalize_text(std::string_view text);

/// What white space separates, after normalize_text(). Chinese text that is to be scored by words
/// must come with spaces between them.
TextUnits normalized_words(std::string_view text);

/// The code points, without white space, after normalize_text(): a Chinese character is one unit.
TextUnits normalized_characters(std::string_view text);

}  // namespace lipsound2::eval
