#pragma once

#include <vector>

#include "lipsound2/core/tensor.h"

#include "normed_weight.h"

namespace lipsound2::vocoder {

/// What the dilated, gated layers of a WaveNet of C channels and L layers work on, and the end that
/// makes n channels of their skip connections.
struct GatedLayers {
  Tensor h;                            ///< [B, T, C]
  Tensor features;                     ///< [B, T', F]; T' divides T
  Tensor biases;                       ///< [2 C L], of conditions and convolutions
  Tensor residual_biases;              ///< [L - 1, C]
  Tensor end;                          ///< [n, C]
  NormedWeight condition;              ///< [2 C L, F, 1]
  std::vector<NormedWeight> in;        ///< L times [2 C, C, 3]
  std::vector<NormedWeight> res_skip;  ///< L times [2 C, C, 1], residual first; the last
                                       ///< [C, C, 1], skip only
};

/// What the end makes of the sum of the skip connections, whose biases are left out: [B, T, n]. One
/// step of autograd, for float32 on the CPU. See Note [Four outputs by six products].
Tensor gated_layers(const GatedLayers& layers);

}  // namespace lipsound2::vocoder
