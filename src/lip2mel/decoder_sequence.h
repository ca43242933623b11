#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/lip2mel/decoder.h"

#include "decoder_kernels.h"

namespace lipsound2::lip2mel {

/// The decoder's parameters, or their gradients. P, H1, H2, A: widths of prenet, LSTMs, energies.
struct DecoderWeights {
  Tensor prenet_first;   ///< [P, bands]
  Tensor prenet_second;  ///< [P, P]
  Tensor lstm1_input;    ///< [4 H1, P + D]
  Tensor lstm1_hidden;   ///< [4 H1, H1]
  Tensor lstm1_input_bias;
  Tensor lstm1_hidden_bias;
  Tensor query;           ///< [A, H1]
  Tensor memory;          ///< [A, D]
  Tensor v;               ///< [1, A]
  Tensor location_conv;   ///< [F, 2, K]
  Tensor location_dense;  ///< [A, F]
  Tensor lstm2_input;     ///< [4 H2, H1 + D]
  Tensor lstm2_hidden;    ///< [4 H2, H2]
  Tensor lstm2_input_bias;
  Tensor lstm2_hidden_bias;
  Tensor projection;  ///< [r bands, H2 + D]
  Tensor projection_bias;

  static DecoderWeights from(at::TensorList list);
  std::vector<Tensor> list() const;
};

/// Scaled dropout masks for all steps S; undefined means none. The prenet's may have one clip for
/// the whole batch.
struct DecoderMasks {
  Tensor prenet_first;   ///< [S, B or 1, P]
  Tensor prenet_second;  ///< [S, B or 1, P]
  Tensor lstm1;          ///< [S, B, H1]
  Tensor lstm2;          ///< [S, B, H2]
};

/// One sequence to decode.
struct DecoderTask {
  Tensor memory;   ///< [B, T, D]
  Tensor lengths;  ///< [B] int64 on the CPU
  Tensor truth;    ///< [S, B, bands] the true last frame of each previous group (zeros first), or
                   ///< undefined: then the decoder is fed its own
  DecoderMasks masks;
  std::int64_t steps = 0;
  std::int64_t bands = 0;
  KernelChoice kernels = KernelChoice::kBest;
};

/// What run_decoder() keeps for the backward pass; the first axis is the step.
struct DecoderTape {
  Tensor fed;         ///< [S, B, bands]
  Tensor hidden;      ///< [S, B, P] first prenet layer, after dropout
  Tensor x1;          ///< [S + 1, B, P + D + H1] prenet, context and h1 that enter the first LSTM
  Tensor x2;          ///< [S + 1, B, H1 + D + H2] h1, context and h2 that enter the second
  Tensor x3;          ///< [S, B, H2 + D] h2 and context that enter the projection
  Tensor gates1;      ///< [S, B, 4 H1] activated
  Tensor gates2;      ///< [S, B, 4 H2] activated
  Tensor cell1;       ///< [S + 1, B, H1]
  Tensor cell2;       ///< [S + 1, B, H2]
  Tensor weights;     ///< [S + 1, B, T] attention; step t's is at t + 1
  Tensor cumulative;  ///< [S + 1, B, T]
  Tensor activation;  ///< [S, B, T, A] tanh of the energies' sum
  AttentionConstants attention;
  Tensor mel;  ///< [S, B, r bands]
};

struct DecoderGradients {
  Tensor memory;
  DecoderWeights weights;
};

/// The forward pass over all steps, without autograd. With the truth at hand, everything that does
/// not hang on the step before (prenet, its product with the first LSTM, the second LSTM's input
/// product, the projection) is done for all steps at once.
DecoderTape run_decoder(const DecoderTask& task, const DecoderWeights& weights);

/// The gradients of a run, given those of its mel [S, B, r bands] and its attention [S, B, T].
/// Products with weights are summed over all steps by one matrix product each.
DecoderGradients run_decoder_backward(const DecoderTask& task,
                                      const DecoderWeights& weights,
                                      const DecoderTape& tape,
                                      const Tensor& d_mel,
                                      const Tensor& d_attention);

/// run_decoder() as a node of the autograd graph: the mel [S, B, r bands] and the attention
/// [S, B, T].
std::pair<Tensor, Tensor> decode_sequence(const DecoderTask& task, const DecoderWeights& weights);

}  // namespace lipsound2::lip2mel
