#pragma once

#include "lipsound2/core/tensor.h"

namespace lipsound2::vocoder {

/// What the dilated, gated layers of a WaveNet of C channels and L layers work on, and the n
/// channels that they make.
struct GatedLayers {
  Tensor h;                ///< [B, T, C]
  Tensor conditions;       ///< [B, T', 2 C L], biases of the convolutions included; T' divides T
  Tensor taps;             ///< [L, 2 C, C, 3]
  Tensor mixes;            ///< [L, C + n, C]: residual, then what the end makes of the skip; in the
                           ///< last layer the residual is not used
  Tensor residual_biases;  ///< [L - 1, C]
};

/// The sum of what the layers give the end, [B, T, n]. One step of autograd, for float32 on the
/// CPU. See Note [Four outputs by six products].
Tensor gated_layers(const GatedLayers& layers);

}  // namespace lipsound2::vocoder
