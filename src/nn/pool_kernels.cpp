#include "pool_kernels.h"

#include <algorithm>

#include <ATen/Parallel.h>

namespace lipsound2::nn {
namespace {

using FrameSums = std::vector<float>;

/// Runs body(frame) for every real frame, in parallel; padded ones get otherwise(frame).
template <class Body, class Otherwise>
void each_frame(const PictureShape& shape, const Body& body, const Otherwise& otherwise) {
  at::parallel_for(0, shape.frames(), /*grain_size=*/1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t f = begin; f < end; ++f) {
      if (shape.real[static_cast<std::size_t>(f)])
        body(f);
      else
        otherwise(f);
    }
  });
}

/// Adds up what body(frame, first, second) leaves in two arrays [C] per frame. The order of the
/// additions does not depend on the number of threads.
template <class Body>
ChannelSums sum_over_frames(const PictureShape& shape, const Body& body) {
  const std::int64_t channels = shape.channels;
  std::vector<float> partial(static_cast<std::size_t>(shape.frames() * 2 * channels), 0.0F);
  each_frame(
      shape,
      [&](std::int64_t f) {
        float* first = partial.data() + f * 2 * channels;
        body(f, first, first + channels);
      },
      [](std::int64_t) {});
  ChannelSums sums{std::vector<double>(static_cast<std::size_t>(channels)),
                   std::vector<double>(static_cast<std::size_t>(channels))};
  for (std::int64_t f = 0; f < shape.frames(); ++f) {
    const float* first = partial.data() + f * 2 * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      sums.first[static_cast<std::size_t>(c)] += first[c];
      sums.second[static_cast<std::size_t>(c)] += first[channels + c];
    }
  }
  return sums;
}

/// Where the four pixels of a window lie: `x` and the same of the next row.
struct Window {
  std::int64_t channels;
  std::int64_t row;  ///< floats from a row to the next
};

void pool_window(const float* __restrict x,
                 Window window,
                 const ChannelAffine& affine,
                 float* __restrict extreme,
                 float* __restrict y) {
  const std::int64_t channels = window.channels;
  const float* __restrict center = affine.center.data();
  const float* __restrict scale = affine.scale.data();
  const float* __restrict offset = affine.offset.data();
  const float* __restrict below = x + window.row;
  for (std::int64_t c = 0; c < channels; ++c) {
    const float high =
        std::max(std::max(x[c], x[channels + c]), std::max(below[c], below[channels + c]));
    const float low =
        std::min(std::min(x[c], x[channels + c]), std::min(below[c], below[channels + c]));
    const float chosen = scale[c] >= 0 ? high : low;
    const float z = scale[c] * (chosen - center[c]) + offset[c];
    extreme[c] = chosen;
    y[c] = z > 0 ? z : 0.0F;
  }
}

void unpool_window(const UnpoolInput& input,
                   Window window,
                   const ChannelAffine& affine,
                   const UnpoolTerms& terms,
                   float* __restrict dx) {
  const std::int64_t channels = window.channels;
  const float* __restrict x = input.x;
  const float* __restrict extreme = input.extreme;
  const float* __restrict dy = input.dy;
  const float* __restrict center = affine.center.data();
  const float* __restrict scale = affine.scale.data();
  const float* __restrict offset = affine.offset.data();
  const float* __restrict mean_term = terms.mean_term.data();
  const float* __restrict slope = terms.slope.data();
  const std::int64_t row = window.row;
  for (std::int64_t c = 0; c < channels; ++c) {
    const float z = scale[c] * (extreme[c] - center[c]) + offset[c];
    const float a = x[c];
    const float b = x[channels + c];
    const float d = x[row + c];
    const float e = x[row + channels + c];
    // Products with 0 or 1 in place of branches: compilers use vectors only then.
    const float to_all = scale[c] * dy[c] * static_cast<float>(z > 0);
    const float to_a = to_all * static_cast<float>(a == extreme[c]);
    const float not_a = to_all - to_a;
    const float to_b = not_a * static_cast<float>(b == extreme[c]);
    const float not_b = not_a - to_b;
    const float to_d = not_b * static_cast<float>(d == extreme[c]);
    const float to_e = not_b - to_d;
    dx[c] = to_a - mean_term[c] - slope[c] * (a - center[c]);
    dx[channels + c] = to_b - mean_term[c] - slope[c] * (b - center[c]);
    dx[row + c] = to_d - mean_term[c] - slope[c] * (d - center[c]);
    dx[row + channels + c] = to_e - mean_term[c] - slope[c] * (e - center[c]);
  }
}

/// dx of a pixel outside all windows (the last row or column of an odd size).
void unpool_outside(const float* __restrict x,
                    std::int64_t channels,
                    const ChannelAffine& affine,
                    const UnpoolTerms& terms,
                    float* __restrict dx) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    dx[c] = -terms.mean_term[i] - terms.slope[i] * (x[c] - affine.center[i]);
  }
}

void unpool_frame(const UnpoolInput& input,
                  const ChannelAffine& affine,
                  const UnpoolTerms& terms,
                  const PictureShape& shape,
                  float* dx) {
  const std::int64_t channels = shape.channels;
  const Window window{channels, shape.columns * channels};
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    const bool paired = i / 2 < shape.rows / 2;
    for (std::int64_t j = 0; j < shape.columns; ++j) {
      const std::int64_t at = i * window.row + j * channels;
      const std::int64_t pooled = ((i / 2) * (shape.columns / 2) + j / 2) * channels;
      if (!paired || j / 2 >= shape.columns / 2)
        unpool_outside(input.x + at, channels, affine, terms, dx + at);
      else if (i % 2 == 0 && j % 2 == 0)
        unpool_window({input.x + at, input.extreme + pooled, input.dy + pooled},
                      window,
                      affine,
                      terms,
                      dx + at);
    }
  }
}

}  // namespace

ChannelSums shifted_sums(const float* x,
                         const std::vector<float>& shift,
                         const PictureShape& shape) {
  const std::int64_t channels = shape.channels;
  return sum_over_frames(
      shape, [&](std::int64_t f, float* __restrict sum, float* __restrict square) {
        const float* __restrict from = shift.data();
        for (std::int64_t p = 0; p < shape.rows * shape.columns; ++p) {
          const float* __restrict pixel = x + f * shape.frame_size() + p * channels;
          for (std::int64_t c = 0; c < channels; ++c) {
            const float away = pixel[c] - from[c];
            sum[c] += away;
            square[c] += away * away;
          }
        }
      });
}

void pool_frames(const float* x,
                 const ChannelAffine& affine,
                 const PictureShape& shape,
                 float* extreme,
                 float* y) {
  const Window window{shape.channels, shape.columns * shape.channels};
  const auto pool_frame = [&](std::int64_t f) {
    std::int64_t out = f * shape.pooled_size();
    for (std::int64_t i = 0; i < shape.rows / 2; ++i) {
      const float* row = x + f * shape.frame_size() + 2 * i * window.row;
      for (std::int64_t j = 0; j < shape.columns / 2; ++j, out += shape.channels)
        pool_window(row + 2 * j * shape.channels, window, affine, extreme + out, y + out);
    }
  };
  each_frame(shape, pool_frame, [&](std::int64_t f) {
    std::fill_n(y + f * shape.pooled_size(), shape.pooled_size(), 0.0F);
  });
}

ChannelSums gradient_sums(const float* extreme,
                          const float* dy,
                          const ChannelAffine& affine,
                          const PictureShape& shape) {
  const std::int64_t channels = shape.channels;
  return sum_over_frames(shape,
                         [&](std::int64_t f, float* __restrict sum, float* __restrict product) {
                           const float* __restrict center = affine.center.data();
                           const float* __restrict scale = affine.scale.data();
                           const float* __restrict offset = affine.offset.data();
                           const std::int64_t first = f * shape.pooled_size();
                           for (std::int64_t p = 0; p < shape.pooled_size(); p += channels) {
                             const float* __restrict best = extreme + first + p;
                             const float* __restrict dy_pixel = dy + first + p;
                             for (std::int64_t c = 0; c < channels; ++c) {
                               const float away = best[c] - center[c];
                               const float full = dy_pixel[c];
                               const float g = scale[c] * away + offset[c] > 0 ? full : 0.0F;
                               sum[c] += g;
                               product[c] += g * away;
                             }
                           }
                         });
}

void unpool_frames(const UnpoolInput& input,
                   const ChannelAffine& affine,
                   const UnpoolTerms& terms,
                   const PictureShape& shape,
                   float* dx) {
  const std::int64_t size = shape.frame_size();
  const std::int64_t pooled = shape.pooled_size();
  each_frame(
      shape,
      [&](std::int64_t f) {
        unpool_frame({input.x + f * size, input.extreme + f * pooled, input.dy + f * pooled},
                     affine,
                     terms,
                     shape,
                     dx + f * size);
      },
      [&](std::int64_t f) { std::fill_n(dx + f * size, size, 0.0F); });
}

}  // namespace lipsound2::nn
