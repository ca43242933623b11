#include "luma_decoder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "lipsound2/core/vectorized.h"

#include "inverse_transform.h"

namespace lipsound2::data {
namespace {

constexpr int kCoefficients = 64;
constexpr std::size_t kZeros = 4096;  // bytes behind the codes: more than a damaged group can take
constexpr int kSplit = 1 << 15;
constexpr int kPastEnd = 64;    // coefficients that an end of block passes
constexpr int kBroken = 65;     // what a code that there is not passes
constexpr int kMostSum = 5000;  // of the sizes of coefficients: what is larger, libjpeg-turbo's
                                // vectors of 16 bits and ours of 32 might round to other pixels

/// Where the k-th coefficient lies (ITU-T T.81, figure A.6); what is passed beyond a block, behind
/// it.
constexpr std::array<std::uint8_t, 2 * kCoefficients + 16> zigzag() {
  std::array<std::uint8_t, 2 * kCoefficients + 16> places{};
  int k = 0;
  for (int sum = 0; sum < 15; ++sum)
    for (int i = std::max(0, sum - 7); i <= std::min(7, sum); ++i) {
      const int row = sum % 2 == 0 ? sum - i : i;
      places[static_cast<std::size_t>(k++)] = static_cast<std::uint8_t>(8 * row + (sum - row));
    }
  for (; k < std::ssize(places); ++k)
    places[static_cast<std::size_t>(k)] = kCoefficients;
  return places;
}
constexpr auto kZigzag = zigzag();

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}
std::size_t word_at(std::string_view bytes, std::size_t i) {
  return std::size_t{byte_at(bytes, i)} << 8 | byte_at(bytes, i + 1);
}

/// A value of so many bits (T.81, F.2.2.1): those that begin with 0 are negative.
int extended(int bits, int size) {
  return size == 0 || bits >> (size - 1) != 0 ? bits : bits - (1 << size) + 1;
}

/// Whether a block ended as it should: with its last coefficient or by an end of block.
bool is_whole(int coefficients, int passed) {
  return coefficients == kCoefficients || passed == kPastEnd;
}

}  // namespace

struct LumaDecoder::Block {
  Row rows[8];
  Row beyond;  ///< where goes what is passed at the end of a block
};

/// Bits from the front of bytes that have kZeros behind them.
struct LumaDecoder::Bits {
  const std::uint8_t* next;
  const std::uint8_t* end;
  std::uint64_t word = 0;  ///< the next bits, from the top
  int count = 0;           ///< that are valid in it

  /// At least 56 valid bits.
  void refill() {
    std::uint64_t more = 0;
    std::memcpy(&more, next, sizeof(more));
    word |= __builtin_bswap64(more) >> count;
    next += (63 - count) >> 3;
    count |= 56;
  }
  int look(int bits) const { return static_cast<int>(word >> (64 - bits)); }
  void skip(int bits) {
    word <<= bits;
    count -= bits;
  }
  int take(int bits) {
    const int value = bits == 0 ? 0 : look(bits);
    skip(bits);
    return value;
  }
  /// Negative when more were taken than there were.
  std::ptrdiff_t left() const { return 8 * (end - next) + count; }
};

std::optional<PictureSize> LumaDecoder::begin(std::string_view bytes) {
  const bool known = !header_.empty() && bytes.starts_with(header_);
  if (!known && !read_header(bytes)) {
    header_.clear();
    return std::nullopt;
  }
  if (!unstuff(bytes.substr(header_.size())))
    return std::nullopt;
  return size_;
}

bool LumaDecoder::read_header(std::string_view bytes) {
  components_.clear();
  steps_ = {};
  dc_codes_ = {};
  ac_codes_ = {};
  size_ = {};
  if (!bytes.starts_with("\xFF\xD8"))
    return false;
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    const std::size_t length = word_at(bytes, at + 2);
    if (byte_at(bytes, at) != 0xFF || length < 2 || at + 2 + length > bytes.size())
      return false;
    const int marker = byte_at(bytes, at + 1);
    if (!read_segment(marker, bytes.substr(at + 4, length - 2)))
      return false;
    at += 2 + length;
    if (marker == 0xDA) {
      header_ = bytes.substr(0, at);
      return true;
    }
  }
  return false;
}

bool LumaDecoder::read_segment(int marker, std::string_view content) {
  constexpr std::string_view kJfif("JFIF\0\1", 6);
  switch (marker) {
    case 0xDB:
      return read_steps(content);
    case 0xC4:
      return read_codes(content);
    case 0xC0:
      return read_frame(content);
    case 0xDA:
      return read_scan(content);
    case 0xE0:
      return content.starts_with(kJfif);
    default:
      return false;
  }
}

bool LumaDecoder::read_steps(std::string_view content) {
  for (; content.size() >= 1 + kCoefficients; content.remove_prefix(1 + kCoefficients)) {
    const std::size_t number = byte_at(content, 0);
    if (number >= steps_.size())  // or of 16 bits
      return false;
    for (std::size_t k = 0; k < kCoefficients; ++k)
      steps_[number][kZigzag[k]] = byte_at(content, 1 + k);
    if (content.substr(1, kCoefficients).find('\0') != std::string_view::npos)
      return false;
  }
  return content.empty();
}

bool LumaDecoder::read_codes(std::string_view content) {
  constexpr std::size_t kCounts = 17;  // with the kind before them
  while (content.size() >= kCounts) {
    const int kind = byte_at(content, 0);
    std::size_t count = 0;
    for (std::size_t i = 1; i < kCounts; ++i)
      count += byte_at(content, i);
    if ((kind & 0xEC) != 0 || count > 256 || content.size() < kCounts + count)
      return false;
    Codes& codes = (kind < 16 ? dc_codes_ : ac_codes_)[static_cast<std::size_t>(kind & 3)];
    const std::string_view symbols = content.substr(kCounts, count);
    const auto passes = [](char symbol) { return static_cast<unsigned char>(symbol) > 15; };
    if (kind < 16 && std::any_of(symbols.begin(), symbols.end(), passes))
      return false;
    if (!fill(codes, content.substr(1, kCounts - 1), symbols))
      return false;
    content.remove_prefix(kCounts + count);
  }
  return content.empty();
}

/// Of 16 counts of codes, by length, and their symbols (T.81, annex C).
bool LumaDecoder::fill(Codes& codes, std::string_view counts, std::string_view symbols) {
  codes = {};
  std::copy(symbols.begin(), symbols.end(), codes.symbols.begin());
  int code = 0;
  std::size_t place = 0;
  for (int length = 1; length <= 16; ++length) {
    const int count = byte_at(counts, static_cast<std::size_t>(length - 1));
    if (count > 0 && code + count >= 1 << length)  // ones alone are no code
      return false;
    codes.offsets[static_cast<std::size_t>(length)] = static_cast<int>(place) - code;
    for (int i = 0; i < count; ++i, ++code, ++place)
      if (length <= kLookBits)
        fill_looks(codes, code, length, codes.symbols[place]);
    codes.ends[static_cast<std::size_t>(length)] = code << (16 - length);
    code <<= 1;
  }
  codes.given = true;
  return true;
}

/// Of all that begins with this code.
void LumaDecoder::fill_looks(Codes& codes, int code, int length, int symbol) {
  const int size = symbol & 15;
  const int run = symbol >> 4;
  const int left = kLookBits - length;
  for (int rest = 0; rest < 1 << left; ++rest) {
    int look = kSplit | symbol << 16 | length;
    if (size == 0)
      look = (run == 15 ? run : kPastEnd) << 8 | length;
    else if (size <= left)
      look = extended(rest >> (left - size), size) * (1 << 16) + (run << 8 | (length + size));
    codes.looks[static_cast<std::size_t>((code << left) + rest)] = look;
  }
}

/// A gray picture, or luminance and two colors by their usual numbers, in whole groups of blocks.
bool LumaDecoder::read_frame(std::string_view content) {
  constexpr std::size_t kFixed = 6, kEach = 3;
  const std::size_t count = content.size() < kFixed ? 0 : byte_at(content, 5);
  if (!components_.empty() || (count != 1 && count != 3) ||
      content.size() != kFixed + kEach * count || byte_at(content, 0) != 8)
    return false;
  size_ = {static_cast<int>(word_at(content, 3)), static_cast<int>(word_at(content, 1))};
  for (std::size_t i = kFixed; i < content.size(); i += kEach) {
    const int sampling = byte_at(content, i + 1);
    components_.push_back({.id = byte_at(content, i),
                           .width = sampling >> 4,
                           .height = sampling & 15,
                           .steps = byte_at(content, i + 2)});
    const Component& made = components_.back();
    if (count == 3 && made.id != std::ssize(components_))
      return false;
    if (made.width < 1 || made.width > 2 || made.height < 1 || made.height > 2 || made.steps > 3)
      return false;
  }
  Component& luma = components_.front();
  if (count == 1)  // block by block, whatever it says
    luma.width = luma.height = 1;
  for (const Component& other : components_)
    if (other.width > luma.width || other.height > luma.height)
      return false;
  constexpr int kLargestSide = 8192;
  return size_.width > 0 && size_.height > 0 && size_.width <= kLargestSide &&
         size_.height <= kLargestSide && size_.width % (8 * luma.width) == 0 &&
         size_.height % (8 * luma.height) == 0;
}

/// All components in one scan.
bool LumaDecoder::read_scan(std::string_view content) {
  const std::size_t count = components_.size();
  if (count == 0 || content.size() != 4 + 2 * count || byte_at(content, 0) != count)
    return false;
  for (std::size_t i = 0; i < count; ++i) {
    Component& component = components_[i];
    component.dc = byte_at(content, 2 + 2 * i) >> 4;
    component.ac = byte_at(content, 2 + 2 * i) & 15;
    if (byte_at(content, 1 + 2 * i) != component.id || component.dc > 3 || component.ac > 3 ||
        steps_[static_cast<std::size_t>(component.steps)][0] == 0 ||
        !dc_codes_[static_cast<std::size_t>(component.dc)].given ||
        !ac_codes_[static_cast<std::size_t>(component.ac)].given)
      return false;
  }
  return content.ends_with(std::string_view("\0\x3F\0", 3));
}

/// The codes up to the end of the picture.
bool LumaDecoder::unstuff(std::string_view scan) {
  codes_.clear();
  while (true) {
    const std::size_t mark = scan.find('\xFF');
    if (mark == std::string_view::npos || mark + 1 == scan.size())
      return false;
    codes_.append(scan, 0, mark);
    const int next = byte_at(scan, mark + 1);
    if (next == 0xD9)
      break;
    if (next != 0)
      return false;
    codes_ += '\xFF';
    scan.remove_prefix(mark + 2);
  }
  codes_.append(kZeros, '\0');
  return true;
}

/// The code that begins with more than kLookBits bits; -1 for none.
int LumaDecoder::long_symbol(Bits& bits, const Codes& codes) {
  const int code = bits.look(16);
  for (std::size_t length = kLookBits + 1; length <= 16; ++length)
    if (code < codes.ends[length]) {
      bits.skip(static_cast<int>(length));
      return codes
          .symbols[static_cast<std::size_t>((code >> (16 - length)) + codes.offsets[length])];
    }
  return -1;
}

struct LumaDecoder::Found {
  int run;  ///< coefficients that are passed before the one with the value
  int value;
};

[[gnu::always_inline]] inline LumaDecoder::Found LumaDecoder::next(Bits& bits, const Codes& codes) {
  if (bits.count < 32)
    bits.refill();
  const int look = codes.looks[static_cast<std::size_t>(bits.look(kLookBits))];
  if (look != 0 && (look & kSplit) == 0) [[likely]] {
    bits.skip(look & 255);
    return {look >> 8 & 255, look >> 16};
  }
  int symbol = look >> 16;
  if (look == 0)
    symbol = long_symbol(bits, codes);
  else
    bits.skip(look & 255);
  if (symbol < 0)
    return {kBroken, 0};
  const int size = symbol & 15;
  const int run = symbol >> 4;
  return {size == 0 && run != 15 ? kPastEnd : run, extended(bits.take(size), size)};
}

/// Of luminance; `mean` is that of the block before.
[[gnu::always_inline]] inline bool LumaDecoder::decode_block(Bits& bits, int& mean, Block& block) {
  const Component& luma = components_.front();
  const auto& steps = steps_[static_cast<std::size_t>(luma.steps)];
  const Codes& codes = ac_codes_[static_cast<std::size_t>(luma.ac)];
  block = Block{};
  auto* const coefficients = reinterpret_cast<std::int32_t*>(block.rows);
  Found found = next(bits, dc_codes_[static_cast<std::size_t>(luma.dc)]);
  if (found.run == kBroken)
    return false;
  mean += found.value;
  coefficients[0] = mean * steps[0];
  int k = 1;
  for (; k < kCoefficients; ++k) {
    found = next(bits, codes);
    k += found.run;
    const std::size_t place = kZigzag[static_cast<std::size_t>(k)];
    coefficients[place] = found.value * steps[place];
  }
  return is_whole(k, found.run) && sum_of_sizes(block.rows) <= kMostSum;
}

/// Of color.
[[gnu::always_inline]] inline bool LumaDecoder::skip_block(Bits& bits, const Component& color) {
  const Codes& codes = ac_codes_[static_cast<std::size_t>(color.ac)];
  Found found = next(bits, dc_codes_[static_cast<std::size_t>(color.dc)]);
  if (found.run == kBroken)
    return false;
  int k = 1;
  for (; k < kCoefficients; ++k) {
    found = next(bits, codes);
    k += found.run;
  }
  return is_whole(k, found.run);
}

[[gnu::always_inline]] inline bool LumaDecoder::decode_groups(std::uint8_t* pixels) {
  const auto* const first = reinterpret_cast<const std::uint8_t*>(codes_.data());
  Bits bits{first, first + codes_.size() - kZeros};
  const Component& luma = components_.front();
  const int across = size_.width / (8 * luma.width);
  const int groups = across * (size_.height / (8 * luma.height));
  int mean = 0;
  Block block;
  for (int group = 0; group < groups && bits.left() >= 0; ++group) {
    for (int i = 0; i < luma.width * luma.height; ++i) {
      if (!decode_block(bits, mean, block))
        return false;
      const int row = 8 * (group / across * luma.height + i / luma.width);
      const int column = 8 * (group % across * luma.width + i % luma.width);
      write_pixels(block.rows, pixels + std::ptrdiff_t{row} * size_.width + column, size_.width);
    }
    for (std::size_t c = 1; c < components_.size(); ++c)
      for (int i = 0; i < components_[c].width * components_[c].height; ++i)
        if (!skip_block(bits, components_[c]))
          return false;
  }
  return bits.left() >= 0 && bits.left() < 8;
}

bool LumaDecoder::finish(std::uint8_t* pixels) {
  bool whole = false;
  run_vectorized([&]() __attribute__((always_inline)) { whole = decode_groups(pixels); });
  return whole;
}

}  // namespace lipsound2::data
