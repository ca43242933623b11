#include "lipsound2/core/utf8.h"

#include "lipsound2/core/error.h"

namespace lipsound2 {
namespace {

/// Bytes of the sequence that begins with this byte; 0 when none can.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2)  // a continuation, or the start of an overlong form
    return 0;
  if (lead < 0xE0)
    return 2;
  if (lead < 0xF0)
    return 3;
  return lead < 0xF5 ? 4 : 0;
}

/// The second byte decides whether a form is overlong, a surrogate or too large.
bool is_second_byte(unsigned char lead, unsigned char byte) {
  const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return lowest <= byte && byte <= highest;
}

[[noreturn]] void fail_at_byte(std::string_view text, std::size_t offset) {
  if (offset >= text.size())
    fail(ErrorKind::kData, "expected UTF-8, found its end inside a character at byte {}", offset);
  fail(ErrorKind::kData,
       "expected UTF-8, found byte 0x{:02X} at byte {}",
       static_cast<unsigned char>(text[offset]),
       offset);
}

/// One character as UTF-8.
std::string encode_one(char32_t code) {
  const auto tail = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80)
    return {static_cast<char>(code)};
  if (code < 0x800)
    return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000)
    return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  const auto byte_at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::u32string codes;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t length = sequence_length(byte_at(start));
    if (length == 0)
      fail_at_byte(text, start);
    char32_t code = length == 1 ? byte_at(start) : byte_at(start) & (0x7FU >> length);
    for (std::size_t i = start + 1; i < start + length; ++i) {
      if (i >= text.size() || (byte_at(i) & 0xC0) != 0x80 ||
          (i == start + 1 && !is_second_byte(byte_at(start), byte_at(i))))
        fail_at_byte(text, i);
      code = (code << 6) | (byte_at(i) & 0x3FU);
    }
    codes += code;
    start += length;
  }
  return codes;
}

std::string encode_utf8(std::u32string_view text) {
  std::string result;
  for (const char32_t code : text)
    result += encode_one(code);
  return result;
}

std::string without_byte_order_mark(std::string text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark))
    text.erase(0, kMark.size());
  return text;
}

}  // namespace lipsound2
