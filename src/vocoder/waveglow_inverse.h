#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/vocoder/waveglow.h"

namespace lipsound2::vocoder {

/// WaveGlowImpl::inverse() of one clip on the CPU, with the weights as they are when it is made,
/// laid out once. See Note [Fast inverse]. Immutable, so safe to use from several threads.
class WaveGlowInverse {
 public:
  explicit WaveGlowInverse(const WaveGlowImpl& network);

  /// features [T', F] as WaveGlowImpl::features() gives them, latents [T, group] -> samples
  /// [T * group].
  Tensor operator()(const Tensor& features, const Tensor& latents) const;

 private:
  struct Layer {
    std::int64_t dilation;
    Tensor products;        ///< [4, C, 2 C], the taps as Note [Fast inverse] combines them
    Tensor condition;       ///< [F, 2 C]
    Tensor condition_bias;  ///< [2 C], that of the convolution included
    Tensor residual;        ///< [C, C]; undefined in the last layer
    Tensor residual_bias;   ///< [C]
    Tensor skip;            ///< [C, n], what the end makes of the skip connection
  };
  struct Flow {
    std::int64_t left;  ///< channels that have left before
    Tensor start;       ///< [n / 2, C]
    Tensor start_bias;
    std::vector<Layer> layers;
    Tensor end_bias;  ///< [n], of all skips too
    Tensor unmixing;  ///< [n, n], transposed
  };
  struct Buffers;

  std::int64_t group_;
  std::int64_t channels_;
  std::int64_t margin_;  ///< the largest dilation
  std::int64_t block_;   ///< rows that are worked on together
  std::vector<Flow> flows_;

  void run_flow(const Flow& flow, const Tensor& features, Buffers& buffers) const;
  void run_layer(const Layer& layer, const Tensor& features, Buffers& buffers) const;
  void convolve(const Layer& layer,
                const Tensor& features,
                Buffers& buffers,
                std::int64_t begin) const;
};

}  // namespace lipsound2::vocoder
