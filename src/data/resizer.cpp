#include "resizer.h"

#include <algorithm>
#include <cmath>

#include <c10/util/Exception.h>

#include "lipsound2/core/vectorized.h"
#include "lipsound2/data/jpeg.h"

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

Resizer::Resizer(PictureSize from, PictureSize to, int channels)
    : from_(from),
      to_(to),
      channels_(channels),
      columns_(from.width, to.width),
      rows_(from.height, to.height),
      sums_(static_cast<std::size_t>(from.width) * channels),
      blended_(sums_.size()) {}

/// Weighted sum of whole input rows into blended_.
void Resizer::blend_rows(const std::uint8_t* input, int row) {
  constexpr int kShift = kWeightBits - 8;
  const std::size_t width = sums_.size();
  const int count = rows_.count;
  const std::uint8_t* const first = input + rows_.first[row] * width;
  const std::uint16_t* const weights =
      rows_.weights.data() + static_cast<std::size_t>(row) * rows_.count;
  std::uint32_t* const sums = sums_.data();
  std::uint16_t* const blended = blended_.data();
  run_vectorized([=]() __attribute__((always_inline)) {
    // Locals: what is written could change what a lambda holds, for all that the compiler knows.
    std::uint32_t* const sum = sums;
    std::uint16_t* const out = blended;
    const std::size_t all = width;
    std::fill(sum, sum + all, 1u << (kShift - 1));
    for (int k = 0; k < count; ++k) {
      const std::uint8_t* const line = first + k * all;
      const std::uint32_t weight = weights[k];
      for (std::size_t x = 0; x < all; ++x)
        sum[x] += weight * line[x];
    }
    for (std::size_t x = 0; x < all; ++x)
      out[x] = static_cast<std::uint16_t>(sum[x] >> kShift);
  });
}

/// Weighted sums within blended_ into one output row. kCount is the number of taps, known to the
/// compiler so that it unrolls the sums; 0 for any other.
template <int kCount>
void Resizer::blend_columns(std::uint8_t* output) const {
  constexpr int kShift = kWeightBits + 8;
  const int count = kCount > 0 ? kCount : columns_.count;
  const int channels = channels_;
  const std::uint16_t* weights = columns_.weights.data();
  for (int x = 0; x < to_.width; ++x, weights += count) {
    const std::uint16_t* pixel = blended_.data() + columns_.first[x] * channels;
    for (int c = 0; c < channels; ++c) {
      std::uint32_t sum = 1u << (kShift - 1);
      for (int k = 0; k < count; ++k)
        sum += static_cast<std::uint32_t>(weights[k]) * pixel[k * channels + c];
      *output++ = static_cast<std::uint8_t>(sum >> kShift);
    }
  }
}

void Resizer::operator()(const std::uint8_t* input, std::uint8_t* output) {
  const std::size_t stride = static_cast<std::size_t>(to_.width) * channels_;
  for (int row = 0; row < to_.height; ++row, output += stride) {
    blend_rows(input, row);
    if (columns_.count == 2)
      blend_columns<2>(output);
    else if (columns_.count == 3)
      blend_columns<3>(output);
    else if (columns_.count == 4)
      blend_columns<4>(output);
    else
      blend_columns<0>(output);
  }
}

Picture resize(const Picture& picture, int width, int height) {
  TORCH_CHECK(picture.channels == 1 || picture.channels == 3, "channels: ", picture.channels);
  TORCH_CHECK(picture.width > 0 && picture.height > 0 && width > 0 && height > 0,
              "resize of an empty picture");
  Picture result{width, height, picture.channels, {}};
  result.pixels.resize(static_cast<std::size_t>(width) * height * picture.channels);
  Resizer resizer({picture.width, picture.height}, {width, height}, picture.channels);
  resizer(picture.pixels.data(), result.pixels.data());
  return result;
}

}  // namespace lipsound2::data
