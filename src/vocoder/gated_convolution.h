#pragma once

#include <algorithm>
#include <cstdint>

#include "lipsound2/core/tensor.h"

#include "normed_weight.h"

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
// A quad is four outputs, `dilation` apart. Quads of a clip follow each other by their tile of
// 4 * dilation steps, then by their phase (step modulo dilation). What lies beyond a clip counts as
// zero, so that clips lie side by side without gaps and nothing is unfolded or padded; outputs
// beyond it are made, but go nowhere.

/// The quads of a convolution over `clips` of `steps` rows each.
class Quads {
 public:
  Quads(std::int64_t clips, std::int64_t steps, std::int64_t dilation)
      : clips_(clips), steps_(steps), dilation_(dilation) {
    const std::int64_t tiles_before = (steps - 1) / (4 * dilation);
    const std::int64_t rest = steps - tiles_before * 4 * dilation;  // of the last tile
    per_clip_ = tiles_before * dilation + std::min(dilation, rest);
  }

  std::int64_t count() const { return clips_ * per_clip_; }

  /// Where a quad lies in its clip, and its first output.
  struct Place {
    std::int64_t clip;
    std::int64_t in_clip;
    std::int64_t step;
  };
  Place place(std::int64_t quad) const {
    const std::int64_t in_clip = quad % per_clip_;
    return {quad / per_clip_, in_clip, in_clip / dilation_ * 4 * dilation_ + in_clip % dilation_};
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
  /// The quad `by` tiles later (or earlier), or -1: beyond the clip.
  std::int64_t neighbor(const Place& place, std::int64_t by) const {
    const std::int64_t in_clip = place.in_clip + by * dilation_;
    return in_clip >= 0 && in_clip < per_clip_ ? place.clip * per_clip_ + in_clip : -1;
  }

 private:
  std::int64_t clips_;
  std::int64_t steps_;
  std::int64_t dilation_;
  std::int64_t per_clip_;
};

/// combined [6, 2 C, C] = G w, of taps w [2 C, C, 3] kept apart from their norms.
void combine_taps(const NormedWeight& taps, const Tensor& combined);
/// The gradient of `combined` -> those of v and g, written to `gradient`.
void combine_taps_backward(const Tensor& combined,
                           const NormedWeight& taps,
                           const NormedWeight& gradient);

/// What a dilated, gated layer of C channels reads and writes: rows of B clips of T steps, float32
/// on the CPU.
struct GatedRows {
  Tensor h;            ///< [B * T, C]
  Tensor conditions;   ///< [B * T', 2 C]; T' divides T
  Tensor biases;       ///< [2 C], of conditions and convolution
  Tensor activations;  ///< [B * T, C]
  Tensor gates;        ///< [B * T, 2 C] or undefined, if nobody wants them: tanh(u), sigmoid(v);
                       ///< with T' = T they may lie where the conditions do
};

/// Memory that gated_convolution() uses again and again: of that many quads at once the six inputs
/// [C] and six products [2 C].
class GatedWorkspace {
 public:
  explicit GatedWorkspace(std::int64_t channels);

  std::int64_t quads() const { return memory_.size(0); }
  float* data() const { return memory_.mutable_data_ptr<float>(); }

 private:
  static constexpr std::int64_t kQuadsPerThread = 192;  // what the caches of a core hold
  Tensor memory_;
};

/// activations = tanh(u) * sigmoid(v), [u v] the convolution of h by the combined `taps` plus
/// biases and conditions, interpolated between frames where T' < T.
void gated_convolution(const GatedRows& rows,
                       const Tensor& taps,
                       std::int64_t clips,
                       std::int64_t dilation,
                       const GatedWorkspace& workspace);

/// What the gates of all clips pass back.
struct GateGradients {
  Tensor activations;  ///< [B * T, C], their gradient; becomes the activations themselves
  Tensor gates;        ///< [B * T, 2 C] as forward left them; becomes the gradient of [u v]
  Tensor conditions;   ///< [B * T', 2 C], theirs is added to it; undefined where T' = T: then it
                       ///< is that of the gates
};
void gates_backward(const GateGradients& gradients, std::int64_t clips);

/// What the convolution passes back.
struct ConvolutionGradients {
  Tensor sums;  ///< [B * T, 2 C], given
  Tensor h;     ///< [B * T, C], dense in its last dimension; added to
  Tensor taps;  ///< [6, 2 C, C], of the combined ones; written
};
/// `h` and `taps` as in forward; T is `steps`.
void convolution_backward(const ConvolutionGradients& gradients,
                          const Tensor& h,
                          const Tensor& taps,
                          std::int64_t steps,
                          std::int64_t dilation);

}  // namespace lipsound2::vocoder
