#pragma once

#include <cstdint>
#include <vector>

namespace lipsound2::nn {

/// Pictures in the order [frames, rows, columns, channels]; real[f] says whether frame f is no
/// padding.
struct PictureShape {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t channels = 0;
  std::vector<bool> real;

  std::int64_t frames() const { return static_cast<std::int64_t>(real.size()); }
  std::int64_t frame_size() const { return rows * columns * channels; }
  std::int64_t pooled_size() const { return (rows / 2) * (columns / 2) * channels; }
};

/// Two sums per channel.
struct ChannelSums {
  std::vector<double> first;
  std::vector<double> second;
};

/// Per channel: y = relu(scale * (extreme - center) + offset), extreme being the maximum of four
/// pixels where scale >= 0 and the minimum elsewhere.
struct ChannelAffine {
  std::vector<float> center;
  std::vector<float> scale;
  std::vector<float> offset;
};

/// Sums of (x - shift) and (x - shift)^2 over the real frames.
ChannelSums shifted_sums(const float* x,
                         const std::vector<float>& shift,
                         const PictureShape& shape);

/// Writes the extremes and the results y, both [frames, rows / 2, columns / 2, channels]; y is zero
/// in padded frames, whose extremes stay unset.
void pool_frames(const float* x,
                 const ChannelAffine& affine,
                 const PictureShape& shape,
                 float* extreme,
                 float* y);

/// Sums of g and g * (extreme - center) over the real frames, where g is dy where y > 0, else 0.
ChannelSums gradient_sums(const float* extreme,
                          const float* dy,
                          const ChannelAffine& affine,
                          const PictureShape& shape);

/// What unpool_frames() reads.
struct UnpoolInput {
  const float* x;
  const float* extreme;
  const float* dy;
};

/// Writes dx = scale * g at the pixel that gave the extreme (the first of equal ones)
/// - mean_term - slope * (x - center) everywhere in real frames, and zero in padded ones.
struct UnpoolTerms {
  std::vector<float> mean_term;
  std::vector<float> slope;
};
void unpool_frames(const UnpoolInput& input,
                   const ChannelAffine& affine,
                   const UnpoolTerms& terms,
                   const PictureShape& shape,
                   float* dx);

}  // namespace lipsound2::nn
