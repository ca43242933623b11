#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lipsound2::data {

// The inverse cosine transform of 8 x 8 coefficients, in the numbers of libjpeg's "slow integer"
// one. All of it is inlined, to be vectorized as its caller is.

/// Of a block, eight of which make one.
using Row [[gnu::vector_size(32), gnu::aligned(32)]] = std::int32_t;

/// Loeffler, Ligtenberg and Moschytz 1989 with factors of 13 bits, down the columns of a block. All
/// sums are exact, but for the last shift.
template <int kShift>
[[gnu::always_inline]] inline void transform(Row (&x)[8]) {
  constexpr int kBits = 13;
  const Row turned = (x[2] + x[6]) * 4433;  // 0.541196100
  const Row low = turned - x[6] * 15137;    // 1.847759065
  const Row high = turned + x[2] * 6270;    // 0.765366865
  const Row sum = (x[0] + x[4]) << kBits;
  const Row difference = (x[0] - x[4]) << kBits;
  const Row even[4] = {sum + high, difference + low, difference - low, sum - high};
  const Row all = (x[7] + x[3] + x[5] + x[1]) * 9633;  // 1.175875602
  const Row outer = (x[7] + x[1]) * -7373;             // 0.899976223
  const Row inner = (x[5] + x[3]) * -20995;            // 2.562915447
  const Row first = all - (x[7] + x[3]) * 16069;       // 1.961570560
  const Row second = all - (x[5] + x[1]) * 3196;       // 0.390180644
  const Row odd[4] = {x[1] * 12299 + outer + second,   // 1.501321110
                      x[3] * 25172 + inner + first,    // 3.072711026
                      x[5] * 16819 + inner + second,   // 2.053119869
                      x[7] * 2446 + outer + first};    // 0.298631336
  constexpr int kHalf = 1 << (kShift - 1);
  for (int i = 0; i < 4; ++i) {
    x[i] = (even[i] + odd[i] + kHalf) >> kShift;
    x[7 - i] = (even[i] - odd[i] + kHalf) >> kShift;
  }
}

[[gnu::always_inline]] inline void turn_over(Row (&x)[8]) {
  for (int round = 0; round < 3; ++round) {
    Row mixed[8];
    for (int i = 0; i < 4; ++i) {
      mixed[2 * i] = __builtin_shufflevector(x[i], x[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
      mixed[2 * i + 1] = __builtin_shufflevector(x[i], x[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
    }
    std::copy(mixed, mixed + 8, x);
  }
}

[[gnu::always_inline]] inline int sum_of_sizes(const Row (&rows)[8]) {
  Row sums{};
  for (const Row& row : rows)
    sums += row < 0 ? -row : row;
  int sum = 0;
  for (int i = 0; i < 8; ++i)
    sum += sums[i];
  return sum;
}

/// Coefficients to pixels, in the numbers of libjpeg's "slow integer" transform.
[[gnu::always_inline]] inline void write_pixels(Row (&rows)[8],
                                                std::uint8_t* pixels,
                                                std::ptrdiff_t stride) {
  transform<11>(rows);
  turn_over(rows);
  transform<18>(rows);
  turn_over(rows);
  for (const Row& row : rows) {
    for (int i = 0; i < 8; ++i)
      pixels[i] = static_cast<std::uint8_t>(std::clamp(row[i] + 128, 0, 255));
    pixels += stride;
  }
}

}  // namespace lipsound2::data
