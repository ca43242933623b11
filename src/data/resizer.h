#pragma once

#include <cstdint>
#include <vector>

#include "jpeg_decoder.h"

namespace lipsound2::data {

/// Resizes pictures of one size to another, each axis by area (shrinking) or bilinearly (growing),
/// in whole numbers, so that results are equal on every machine. Not thread-safe: it owns its
/// scratch row.
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

  Resizer(PictureSize from, PictureSize to, int channels);

  /// `input` is a picture of the size `from`; writes one of the size `to`.
  void operator()(const std::uint8_t* input, std::uint8_t* output);
  PictureSize from() const { return from_; }

 private:
  void blend_rows(const std::uint8_t* input, int row);
  template <int kCount>
  void blend_columns(std::uint8_t* output) const;

  PictureSize from_;
  PictureSize to_;
  int channels_;
  Taps columns_;
  Taps rows_;
  std::vector<std::uint32_t> sums_;
  std::vector<std::uint16_t> blended_;  ///< one input-wide row, 8 bits before the point and 8 after
};

}  // namespace lipsound2::data
