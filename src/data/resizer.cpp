#include "resizer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "lipsound2/core/vectorized.h"

namespace lipsound2::data {
namespace {

constexpr int kWeightBits = 14;
constexpr int kWeightSum = 1 << kWeightBits;

/// How much of input pixel `i` belongs to output pixel `o` when `scale` inputs make one output.
double area_weight(double scale, int o, int i) {
  const double begin = std::max(o * scale, static_cast<double>(i));
  const double end = std::min((o + 1) * scale, i + 1.0);
  return std::max(0.0, end - begin) / scale;
}

/// Weight of a triangle around the center of output pixel `o`.
double triangle_weight(double scale, int o, int i) {
  const double center = (o + 0.5) * scale - 0.5;
  return std::max(0.0, 1.0 - std::abs(center - i));
}

/// Rounds so that the sum is exact; the largest weight takes the rest.
void quantize(const std::vector<double>& weights, std::uint16_t* out) {
  double sum = 0;
  for (const double weight : weights)
    sum += weight;
  int left = kWeightSum;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    out[i] = static_cast<std::uint16_t>(std::lround(weights[i] / sum * kWeightSum));
    left -= out[i];
  }
  *std::max_element(out, out + weights.size()) += static_cast<std::uint16_t>(left);
}

/// Lines of a picture, so many pixels apart.
template <class Pixel>
struct Lines {
  Pixel* first;
  std::size_t stride;
};

/// Weighted sums of whole lines, divided by 2^kShift. kCount is the number of taps, known to the
/// compiler so that it unrolls the sums; 0 for any other.
template <int kShift, int kCount, class In, class Out>
void blend_lines(const Resizer::Taps& taps, Lines<In> in, Lines<Out> out, std::size_t length) {
  run_vectorized([=, &taps]() __attribute__((always_inline)) {
    // Locals: what is written could change what a lambda holds, for all that the compiler knows.
    const int count = kCount > 0 ? kCount : taps.count;
    const std::size_t stride = in.stride;
    const std::size_t all = length;
    const std::uint16_t* weights = taps.weights.data();
    Out* to = out.first;
    for (const int first : taps.first) {
      const auto* const __restrict line = in.first + static_cast<std::size_t>(first) * stride;
      Out* const __restrict sums = to;
      for (std::size_t x = 0; x < all; ++x) {
        std::uint32_t sum = 1U << (kShift - 1);
        for (int k = 0; k < count; ++k)
          sum += std::uint32_t{weights[k]} * line[static_cast<std::size_t>(k) * stride + x];
        sums[x] = static_cast<Out>(sum >> kShift);
      }
      weights += count;
      to += out.stride;
    }
  });
}

template <int kShift, class In, class Out>
void blend(const Resizer::Taps& taps, Lines<In> in, Lines<Out> out, std::size_t length) {
  if (taps.count == 2)
    blend_lines<kShift, 2>(taps, in, out, length);
  else if (taps.count == 3)
    blend_lines<kShift, 3>(taps, in, out, length);
  else
    blend_lines<kShift, 0>(taps, in, out, length);
}

constexpr std::size_t kLinesOfBlock = 16;  // lines that are turned at once, or a multiple of them

std::size_t whole_blocks(int pixels) {
  return (static_cast<std::size_t>(pixels) + kLinesOfBlock - 1) / kLinesOfBlock * kLinesOfBlock;
}

using Bytes [[gnu::vector_size(16)]] = std::uint8_t;
using Words [[gnu::vector_size(16)]] = std::uint16_t;

/// a0 b0 a1 b1 ..., of the first halves and of the second halves.
[[gnu::always_inline]] inline std::pair<Bytes, Bytes> interleave(Bytes a, Bytes b) {
  return {
      __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
      __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)};
}
[[gnu::always_inline]] inline std::pair<Words, Words> interleave(Words a, Words b) {
  return {__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11),
          __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)};
}

/// As many lines as a vector has pixels, and as many pixels of each, turned over their diagonal.
template <class Vector, class Pixel>
[[gnu::always_inline]] inline void transpose_block(Lines<Pixel> in, Lines<Pixel> out) {
  constexpr std::size_t kLanes = sizeof(Vector) / sizeof(Pixel);
  Vector lines[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i)
    std::memcpy(&lines[i], in.first + i * in.stride, sizeof(Vector));
  // Whoever interleaves two halves of 2^n lines n times has turned them over.
  for (std::size_t round = 1; round < kLanes; round *= 2) {
    Vector mixed[kLanes];
    for (std::size_t i = 0; i < kLanes / 2; ++i)
      std::tie(mixed[2 * i], mixed[2 * i + 1]) = interleave(lines[i], lines[i + kLanes / 2]);
    std::copy(mixed, mixed + kLanes, lines);
  }
  for (std::size_t i = 0; i < kLanes; ++i)
    std::memcpy(out.first + i * out.stride, &lines[i], sizeof(Vector));
}

/// A picture of whole blocks, turned over its diagonal.
template <class Pixel>
void transpose(Lines<Pixel> in, Lines<Pixel> out) {
  using Vector = std::conditional_t<sizeof(Pixel) == 1, Bytes, Words>;
  constexpr std::size_t kLanes = sizeof(Vector) / sizeof(Pixel);
  for (std::size_t y = 0; y < out.stride; y += kLanes)
    for (std::size_t x = 0; x < in.stride; x += kLanes)
      transpose_block<Vector>(Lines<Pixel>{in.first + y * in.stride + x, in.stride},
                              Lines<Pixel>{out.first + x * out.stride + y, out.stride});
}

}  // namespace

Resizer::Taps::Taps(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const bool shrinks = scale > 1;
  count = std::min(from, shrinks ? static_cast<int>(std::ceil(scale)) + 1 : 2);
  first.resize(to);
  weights.resize(static_cast<std::size_t>(to) * count);
  std::vector<double> exact(count);
  for (int o = 0; o < to; ++o) {
    const double start = shrinks ? o * scale : (o + 0.5) * scale - 0.5;
    first[o] = std::clamp(static_cast<int>(std::floor(start)), 0, from - count);
    for (int k = 0; k < count; ++k) {
      const int i = first[o] + k;
      exact[k] = shrinks ? area_weight(scale, o, i) : triangle_weight(scale, o, i);
    }
    quantize(exact, weights.data() + static_cast<std::size_t>(o) * count);
  }
}

Resizer::Resizer(PictureSize from, PictureSize to)
    : from_(from),
      to_(to),
      columns_(from.width, to.width),
      rows_(from.height, to.height),
      blended_(whole_blocks(to.height) * whole_blocks(from.width)),
      turned_(blended_.size()),
      resized_(whole_blocks(to.width) * whole_blocks(to.height)),
      upright_(resized_.size()) {}

/// Compilers add up neighbors in a line badly, but whole lines well: columns are blended as lines
/// of a picture that is turned over its diagonal.
void Resizer::operator()(const std::uint8_t* input, std::uint8_t* output) {
  const auto from_width = static_cast<std::size_t>(from_.width);
  const auto width = static_cast<std::size_t>(to_.width);
  const auto height = static_cast<std::size_t>(to_.height);
  const Lines<std::uint16_t> blended{blended_.data(), whole_blocks(from_.width)};
  const Lines<std::uint16_t> turned{turned_.data(), whole_blocks(to_.height)};
  const Lines<std::uint8_t> resized{resized_.data(), whole_blocks(to_.height)};
  const Lines<std::uint8_t> upright{upright_.data(), whole_blocks(to_.width)};
  blend<kWeightBits - 8>(rows_, Lines<const std::uint8_t>{input, from_width}, blended, from_width);
  transpose(blended, turned);
  blend<kWeightBits + 8>(columns_, turned, resized, resized.stride);  // whole vectors
  transpose(resized, upright);
  for (std::size_t row = 0; row < height; ++row)
    std::copy_n(upright.first + row * upright.stride, width, output + row * width);
}

}  // namespace lipsound2::data
