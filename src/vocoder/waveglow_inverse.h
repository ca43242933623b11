#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/vocoder/waveglow.h"

namespace lipsound2::vocoder {

/// WaveGlowImpl::inverse() of one clip on the CPU, with the weights as they are when it is made,
/// laid out once. See Note [Fast inverse]. Immutable, so safe to use from several threads.
class WaveGlowInverse {
 public:
  /// `take`: the network lets go of the weights of each flow once they are laid out.
  explicit WaveGlowInverse(WaveGlowImpl& network, bool take = false);

  /// features [T', F] as WaveGlowImpl::features() gives them, latents [T, group] -> samples
  /// [T * group].
  Tensor operator()(const Tensor& features, const Tensor& latents) const;

 private:
  struct Layer {
    Tensor taps;           ///< [6, 2 C, C], combined
    Tensor condition;      ///< [F, 2 C]
    Tensor biases;         ///< [2 C], of conditions and convolution
    Tensor mix;            ///< [C, C + n], residual and what the end makes of the skip connection;
                           ///< the last layer's [C, n]
    Tensor residual_bias;  ///< [C]; undefined in the last layer
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
  std::vector<Flow> flows_;

  Flow make_flow(const WaveNetWeights& net, const Tensor& unmixing) const;
  void run_flow(const Flow& flow, Buffers& buffers) const;
};

}  // namespace lipsound2::vocoder
