#include "lipsound2/eval/text_normalization.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "lipsound2/core/utf8.h"

namespace lipsound2::eval {
namespace {

struct CodeRange {
  char32_t first;
  char32_t last;
};

/// Upper case letters whose lower case lies `offset` further.
struct ShiftedCase {
  char32_t first;
  char32_t last;
  int offset;
};

constexpr ShiftedCase kShiftedCases[] = {
    {U'A', U'Z', 32},     {0xC0, 0xD6, 32},
    {0xD8, 0xDE, 32},     {0x130, 0x130, -199},
    {0x178, 0x178, -121}, {0x18F, 0x18F, 202},
    {0x1C4, 0x1C4, 2},    {0x1C7, 0x1C7, 2},
    {0x1CA, 0x1CA, 2},    {0x1F1, 0x1F1, 2},
    {0x386, 0x386, 38},   {0x388, 0x38A, 37},
    {0x38C, 0x38C, 64},   {0x38E, 0x38F, 63},
    {0x391, 0x3A1, 32},   {0x3A3, 0x3AB, 32},
    {0x400, 0x40F, 80},   {0x410, 0x42F, 32},
    {0x1AF, 0x1AF, 1},    {0x4C0, 0x4C0, 15},
    {0x531, 0x556, 48},   {0x1E9E, 0x1E9E, 0xDF - 0x1E9E},
    {0xFF21, 0xFF3A, 32},
};

/// Upper and lower case take turns; the first of each range is upper case.
constexpr CodeRange kAlternatingCases[] = {
    {0x100, 0x12F}, {0x132, 0x137}, {0x139, 0x148},   {0x14A, 0x177},   {0x179, 0x17E},
    {0x1A0, 0x1A5}, {0x1C5, 0x1C6}, {0x1C8, 0x1C9},   {0x1CB, 0x1DC},   {0x1DE, 0x1EF},
    {0x1F2, 0x1F5}, {0x1F8, 0x21F}, {0x222, 0x233},   {0x460, 0x481},   {0x48A, 0x4BF},
    {0x4C1, 0x4CE}, {0x4D0, 0x52F}, {0x1E00, 0x1E95}, {0x1EA0, 0x1EFF},
};

constexpr CodeRange kWhiteSpace[] = {
    {0x09, 0x0D},
    {0x20, 0x20},
    {0x85, 0x85},
    {0xA0, 0xA0},
    {0x1680, 0x1680},
    {0x2000, 0x200A},
    {0x2028, 0x2029},
    {0x202F, 0x202F},
    {0x205F, 0x205F},
    {0x3000, 0x3000},
};

constexpr CodeRange kIgnorable[] = {
    {0xAD, 0xAD}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0xFEFF, 0xFEFF}};

/// Without the letters, digits and white space in between.
constexpr CodeRange kPunctuation[] = {
    {0x21, 0x2F},     {0x3A, 0x40},     {0x5B, 0x60},     {0x7B, 0x7E},     {0xA1, 0xA9},
    {0xAB, 0xAC},     {0xAE, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},     {0xBB, 0xBB},
    {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2010, 0x2027}, {0x2030, 0x205E},
    {0x3001, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303D, 0x303D}, {0x30A0, 0x30A0},
    {0x30FB, 0x30FB}, {0xFE10, 0xFE19}, {0xFE30, 0xFE4F}, {0xFE50, 0xFE6B}, {0xFF01, 0xFF0F},
    {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65},
};

bool is_among(char32_t code, std::span<const CodeRange> ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const CodeRange& range) {
    return range.first <= code && code <= range.last;
  });
}

bool is_apostrophe(char32_t code) {
  return code == U'\'' || code == 0x2019 || code == 0x02BC || code == 0xFF07;
}

bool is_of_word(char32_t code) {
  return !is_apostrophe(code) && !is_among(code, kWhiteSpace) && !is_among(code, kPunctuation);
}

std::u32string without_ignorables(std::u32string text) {
  std::erase_if(text, [](char32_t code) { return is_among(code, kIgnorable); });
  return text;
}

std::u32string normalized_codes(std::string_view text) {
  const std::u32string codes = without_ignorables(decode_utf8(text));
  std::u32string result;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const bool inside =
        i > 0 && i + 1 < codes.size() && is_of_word(codes[i - 1]) && is_of_word(codes[i + 1]);
    if (is_apostrophe(codes[i]) && inside)
      result += U'\'';
    else if (is_of_word(codes[i]))
      result += lower_case(codes[i]);
    else if (!result.empty() && result.back() != U' ')
      result += U' ';
  }
  if (!result.empty() && result.back() == U' ')
    result.pop_back();
  return result;
}

}  // namespace

char32_t lower_case(char32_t letter) {
  for (const auto& [first, last, offset] : kShiftedCases)
    if (first <= letter && letter <= last)
      return static_cast<char32_t>(static_cast<int>(letter) + offset);
  for (const auto& [first, last] : kAlternatingCases)
    if (first <= letter && letter <= last)
      return letter + ((letter - first) % 2 == 0 ? 1 : 0);
  return letter;
}

std::string normalize_text(std::string_view text) {
  return encode_utf8(normalized_codes(text));
}

TextUnits normalized_words(std::string_view text) {
  TextUnits words;
  std::u32string word;
  for (const char32_t code : normalized_codes(text) + U' ')
    if (code != U' ') {
      word += code;
    } else if (!word.empty()) {
      words.push_back(encode_utf8(word));
      word.clear();
    }
  return words;
}

TextUnits normalized_characters(std::string_view text) {
  TextUnits characters;
  for (const char32_t code : normalized_codes(text))
    if (code != U' ')
      characters.push_back(encode_utf8({&code, 1}));
  return characters;
}

}  // namespace lipsound2::eval
