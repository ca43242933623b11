#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jpeg_decoder.h"

namespace lipsound2::data {

/// Decodes the luminance of baseline JPEG pictures to the pixels that libjpeg-turbo's exact integer
/// transform gives, in less time: it finds most coefficients, code and value, by one look into a
/// table, and keeps the tables as long as pictures begin with the same bytes. What it does not
/// know (progressive, restart markers, 12 bits, four colors) and what is damaged, it leaves to
/// libjpeg. For one thread.
class LumaDecoder {
 public:
  /// Begins a picture and tells its size; nothing for what is left to libjpeg.
  std::optional<PictureSize> begin(std::string_view bytes);
  /// Writes its rows from the top. False, and any pixels, for what is left to libjpeg.
  bool finish(std::uint8_t* pixels);

 private:
  static constexpr int kLookBits = 10;

  /// A Huffman code.
  struct Codes {
    bool given = false;
    /// By the next bits: how many are taken (bits 0..7), how many coefficients are passed (8..15),
    /// the value of the one after them (16..31). Where code and value do not fit together: kSplit,
    /// the bits of the code (0..7) and its symbol (16..23). 0: a longer code, or none.
    std::array<int, 1 << kLookBits> looks;
    std::array<int, 17> ends;     ///< by length: above its codes, made 16 bits long
    std::array<int, 17> offsets;  ///< by length: from a code to the place of its symbol
    std::array<std::uint8_t, 256> symbols;
  };

  struct Component {
    int id = 0;
    int width = 1;  ///< blocks of a group
    int height = 1;
    int steps = 0;  ///< number of its table of quantization steps
    int dc = 0;     ///< numbers of its codes
    int ac = 0;
  };

  struct Bits;
  struct Found;
  struct Block;

  bool read_header(std::string_view header);
  bool read_segment(int marker, std::string_view content);
  bool read_steps(std::string_view content);
  bool read_codes(std::string_view content);
  bool read_frame(std::string_view content);
  bool read_scan(std::string_view content);
  static bool fill(Codes& codes, std::string_view counts, std::string_view symbols);
  static void fill_looks(Codes& codes, int code, int length, int symbol);
  bool unstuff(std::string_view scan);
  bool decode_groups(std::uint8_t* pixels);
  bool decode_block(Bits& bits, int& mean, Block& block);
  bool skip_block(Bits& bits, const Component& color);
  static int long_symbol(Bits& bits, const Codes& codes);
  static Found next(Bits& bits, const Codes& codes);

  std::string header_;  ///< the bytes before the codes, of which the tables are
  std::string codes_;   ///< of the picture, without stuffed zeros, and zeros behind them
  PictureSize size_;
  std::vector<Component> components_;                     ///< the first is luminance
  std::array<std::array<std::uint16_t, 65>, 4> steps_{};  ///< by place, and 0 for none
  std::array<Codes, 4> dc_codes_{};
  std::array<Codes, 4> ac_codes_{};
};

}  // namespace lipsound2::data
