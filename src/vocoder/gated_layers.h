#pragma once

#include "lipsound2/core/tensor.h"

namespace lipsound2::vocoder {

/// What the dilated, gated layers of a WaveNet of C channels and L layers work on.
struct GatedLayers {
  Tensor h;                ///< [B, T, C]
  Tensor conditions;       ///< [B, T', 2 C L], biases of the convolutions included; T' divides T
  Tensor taps;             ///< [L, 3, C, 2 C]
  Tensor residuals;        ///< [L - 1, C, C]
  Tensor residual_biases;  ///< [L - 1, C]
};

/// The activations of all layers side by side: [B, T + 2^(L-1), C L], zero beyond T. One step of
/// autograd, for float32 on the CPU. See Note [Rows].
Tensor gated_layers(const GatedLayers& layers);

}  // namespace lipsound2::vocoder
