#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/core/tensor.h"

namespace lipsound2::vocoder {

// Note [Four outputs by six products]
//
// A convolution of three taps g0 g1 g2 gives four outputs y0..y3, `dilation` apart, from six inputs
// x0..x5 by six products instead of twelve (Winograd 1980, F(4, 3)):
//
//     y = A^T ((G g) * (B^T x))
//
// with the matrices that follow from the points 0, 1, -1, 2, -1/2 and infinity. Those lose half as
// much in float as the usual 0, 1, -1, 2, -2 and infinity (256 channels, normal inputs: errors of
// at most 6e-6 beside 12e-6; 2e-6 without). Here g, x and y are matrices: of channels, of channels
// by time. The gradients take six products for twelve, too: those of y and g go the same way with
// the matrices transposed.
//
// A quad is four outputs, `dilation` apart. Quads of a clip follow each other by their phase (step
// modulo dilation), then by their tile of 4 * dilation steps. What lies beyond a clip counts as
// zero, so that clips lie side by side without gaps and nothing is unfolded or padded.

/// The quads of a convolution over `clips` of `steps` rows each.
class Quads {
 public:
  Quads(std::int64_t clips, std::int64_t steps, std::int64_t dilation)
      : steps_(steps),
        dilation_(dilation),
        per_clip_((steps + 4 * dilation - 1) / (4 * dilation) * dilation),
        count_(clips * per_clip_) {}

  std::int64_t count() const { return count_; }
  std::int64_t dilation() const { return dilation_; }

  /// Where the first output of a quad lies.
  struct Place {
    std::int64_t clip;
    std::int64_t step;
  };
  Place place(std::int64_t quad) const {
    const std::int64_t in_clip = quad % per_clip_;
    return {quad / per_clip_, in_clip / dilation_ * 4 * dilation_ + in_clip % dilation_};
  }
  /// Of output `output`, -1 and 4 being the outer inputs; or -1: beyond the clip.
  std::int64_t step(const Place& place, std::int64_t output) const {
    const std::int64_t step = place.step + output * dilation_;
    return step >= 0 && step < steps_ ? step : -1;
  }
  /// The same as a row, of all clips.
  std::int64_t row(const Place& place, std::int64_t output) const {
    const std::int64_t own = step(place, output);
    return own < 0 ? -1 : place.clip * steps_ + own;
  }
  /// Whether the quad `by` tiles later (or earlier) belongs to the same clip.
  bool has_neighbor(std::int64_t quad, std::int64_t by) const {
    const std::int64_t in_clip = quad % per_clip_ + by * dilation_;
    return in_clip >= 0 && in_clip < per_clip_;
  }

 private:
  std::int64_t steps_;
  std::int64_t dilation_;
  std::int64_t per_clip_;
  std::int64_t count_;
};

/// Weights [..., 2 C, C, 3] as they are multiplied: G g, [6, ..., 2 C, C].
Tensor combined_taps(const Tensor& taps);
/// The gradient of combined_taps(): [6, ..., 2 C, C] -> [..., 2 C, C, 3].
Tensor combined_taps_backward(const Tensor& gradient);

/// What a dilated, gated layer of C channels reads and writes: rows of B clips of T steps, float32
/// on the CPU.
struct GatedRows {
  Tensor h;            ///< [B * T, C]
  Tensor conditions;   ///< [B, T', 2 C], dense in its last dimension; T' divides T
  Tensor activations;  ///< [B * T, C]
  Tensor gates;        ///< [B * T, 2 C] or undefined, if nobody wants them: tanh(u), sigmoid(v)
};

/// Memory of the threads that gated_convolution() uses again and again.
class GatedWorkspace {
 public:
  explicit GatedWorkspace(std::int64_t channels);

  /// Of one thread: room for that many quads' six inputs [C] and six products [2 C].
  float* of_thread(int thread) const;
  static constexpr std::int64_t kQuads = 96;

 private:
  Tensor memory_;
};

/// activations = tanh(u) * sigmoid(v), [u v] the convolution of h by `taps`, as combined_taps()
/// makes them, plus conditions, interpolated between frames where T' < T.
void gated_convolution(const GatedRows& rows,
                       const Tensor& taps,
                       std::int64_t dilation,
                       const GatedWorkspace& workspace);

/// What the gates of all clips pass back.
struct GateGradients {
  Tensor activations;  ///< [B * T, C], their gradient; becomes the activations themselves
  Tensor gates;        ///< [B * T, 2 C] as forward left them; becomes the gradient of [u v]
  Tensor conditions;   ///< [B, T', 2 C], dense in its last dimension; theirs is added to it
};
void gates_backward(const GateGradients& gradients);

/// What the convolution passes back.
struct ConvolutionGradients {
  Tensor sums;  ///< [B * T, 2 C], given
  Tensor h;     ///< [B * T, C], dense in its last dimension; added to
  Tensor taps;  ///< [6, 2 C, C], as combined_taps() makes them; written
};
/// `h` and `taps` as in forward; T is `steps`.
void convolution_backward(const ConvolutionGradients& gradients,
                          const Tensor& h,
                          const Tensor& taps,
                          std::int64_t steps,
                          std::int64_t dilation);

}  // namespace lipsound2::vocoder
