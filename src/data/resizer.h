#pragma once

#include <cstdint>
#include <vector>

#include "jpeg_decoder.h"

namespace lipsound2::data {

/// Resizes gray pictures (or single channels) of one size to another, each axis by area (shrinking)
/// or bilinearly (growing), in whole numbers, so that results are equal on every machine. Not
/// thread-safe: it owns its scratch memory.
class Resizer {
 public:
  /// Each output is a sum of `count` neighbors from first[i] on, weighted by weights[i * count...],
  /// which add up to 2^14.
  struct Taps {
    Taps(int from, int to);
    int count = 0;
    std::vector<int> first;
    std::vector<std::uint16_t> weights;
  };

  Resizer(PictureSize from, PictureSize to);

  /// `input` is a picture of the size `from`; writes one of the size `to`.
  void operator()(const std::uint8_t* input, std::uint8_t* output);
  PictureSize from() const { return from_; }

 private:
  PictureSize from_;
  PictureSize to_;
  Taps columns_;
  Taps rows_;
  std::vector<std::uint16_t> blended_;  ///< output rows as wide as the input, 8 bits before the
                                        ///< point and 8 after it
  std::vector<std::uint16_t> turned_;   ///< the same, column after column
  std::vector<std::uint8_t> resized_;   ///< the output, column after column
  std::vector<std::uint8_t> upright_;   ///< and row after row
};

}  // namespace lipsound2::data
