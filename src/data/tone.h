#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "lipsound2/data/face_change.h"

namespace lipsound2::data {

/// A change of brightness and contrast in whole numbers of 16 bits, so that it is fast, and the
/// same on every device. Pixel v becomes ((v * 2^7 * factor >> 16) + base) >> 4, clipped to 0..255:
/// the factor has 13 bits after the point, the sum 4.
struct Tone {
  static constexpr int kPixelBits = 7;
  static constexpr int kFactorBits = 13;
  static constexpr int kSumBits = 4;

  Tone(const FaceChange& change, std::int64_t channel) {
    const double mean = change.mean.at(static_cast<std::size_t>(channel));
    const double offset = mean * (1 - change.contrast) + 255 * change.shift;
    factor = static_cast<std::int16_t>(std::lround(change.contrast * (1 << kFactorBits)));
    base = static_cast<std::int16_t>(std::lround((offset + 0.5) * (1 << kSumBits)));
    changed_mean =
        static_cast<std::uint8_t>(std::lround(std::clamp(mean + 255 * change.shift, 0.0, 255.0)));
  }

  std::int16_t factor;
  std::int16_t base;
  std::uint8_t changed_mean;
};

}  // namespace lipsound2::data
