#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace lipsound2::asr {

/// Spreads the bits of a number over all 64, so that the upper ones may choose a slot.
inline std::uint64_t spread(std::uint64_t x) {
  x *= 0x9e3779b97f4a7c15ULL;
  x ^= x >> 32;
  return x * 0xd6e8feb86659fd93ULL;
}

/// Four bytes of a text as a number.
inline std::uint64_t four_bytes(const char* text) {
  std::uint32_t part = 0;
  std::memcpy(&part, text, sizeof(part));
  return part;
}

/// A 64-bit hash of a word, eight bytes at a time.
inline std::uint64_t hash_word(std::string_view word) {
  std::uint64_t state = word.size();
  while (word.size() >= 8) {
    std::uint64_t part = 0;
    std::memcpy(&part, word.data(), 8);
    state = spread(state ^ part) ^ (state >> 29);
    word.remove_prefix(8);
  }
  std::uint64_t part = 0;
  if (const std::size_t size = word.size(); size >= 4)
    part = four_bytes(word.data()) | four_bytes(word.data() + size - 4) << 32;
  else
    for (const char c : word)
      part = part << 8 | static_cast<unsigned char>(c);
  state = spread(state ^ part);
  return state ^ (state >> 31);
}

}  // namespace lipsound2::asr
