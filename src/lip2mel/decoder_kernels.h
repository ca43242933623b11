#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "lipsound2/core/tensor.h"

namespace lipsound2::lip2mel {

/// One step of an LSTM whose matrix products are already done. H units, B clips; the tensors may be
/// views with any row stride. Gates are ordered input, forget, cell, output, as in LibTorch.
struct LstmStep {
  Tensor gates;     ///< [B, 4H] in: sums of products and biases; out: activated gates
  Tensor cell_in;   ///< [B, H]
  Tensor cell_out;  ///< [B, H] written
  Tensor mask;      ///< [B, H] scaled dropout mask of the output, or undefined
  Tensor h;         ///< [B, H] written, after dropout
};

/// The same step backward.
struct LstmStepGradient {
  LstmStep step;   ///< as the forward step left it (`h` is not used)
  Tensor d_h;      ///< [B, H] gradient of the dropped-out output
  Tensor d_cell;   ///< [B, H] in: gradient of cell_out from later steps; out: gradient of cell_in
  Tensor d_gates;  ///< [B, 4H] written: gradient of the sums before activation
};

/// What attention needs at every step of a sequence. T memory steps of width D, A energies, K taps.
struct AttentionConstants {
  Tensor memory;    ///< [B, T, D] contiguous
  Tensor keys;      ///< [B, T, A] contiguous, memory times its layer
  Tensor location;  ///< [2K, A] the location convolution times its dense layer: taps over the
                    ///< previous weights, then over their sum
  Tensor v;         ///< [A]
  Tensor lengths;   ///< [B] int64 on the CPU
};

struct AttentionStep {
  Tensor query;           ///< [B, A]
  Tensor weights_in;      ///< [B, T] weights of the step before
  Tensor cumulative_in;   ///< [B, T] sum of the weights of all steps before
  Tensor activation;      ///< [B, T, A] written: tanh of the energies' sum; padding is undefined
  Tensor weights_out;     ///< [B, T] written
  Tensor cumulative_out;  ///< [B, T] written
  Tensor context;         ///< [B, D] written
};

struct AttentionStepGradient {
  AttentionStep step;   ///< as the forward step left it
  Tensor d_context;     ///< [B, D]
  Tensor d_weights;     ///< [B, T] gradient that reaches weights_out from outside
  Tensor d_weights_in;  ///< [B, T] in: gradient of weights_out as the next step's weights_in; out:
                        ///< that of weights_in
  Tensor d_cumulative;  ///< [B, T] in: gradient of cumulative_out; out: that of cumulative_in
  Tensor d_query;       ///< [B, A] written
};

/// Gradients of the constants, summed over the steps given to attend_backward().
struct AttentionSums {
  Tensor keys;      ///< [B, T, A]
  Tensor location;  ///< [2K, A]
  Tensor v;         ///< [A]
};

/// The parts of a decoder step that are not matrix products with weights. One object serves one
/// sequence and one thread at a time.
class DecoderKernels {
 public:
  explicit DecoderKernels(AttentionConstants constants) : constants_(std::move(constants)) {}
  virtual ~DecoderKernels() = default;
  DecoderKernels(const DecoderKernels&) = delete;
  DecoderKernels& operator=(const DecoderKernels&) = delete;

  virtual void lstm(const LstmStep& step) = 0;
  virtual void lstm_backward(const LstmStepGradient& gradient) = 0;
  virtual void attend(const AttentionStep& step) = 0;
  virtual void attend_backward(const AttentionStepGradient& gradient) = 0;
  virtual AttentionSums sums() const = 0;

  const AttentionConstants& constants() const { return constants_; }

 private:
  AttentionConstants constants_;
};

/// kFused is written for float tensors on the CPU; kAten is LibTorch's operators, for any device
/// and type; kBest is the faster of those that fit the memory tensor.
enum class KernelChoice { kBest, kFused, kAten };

std::unique_ptr<DecoderKernels> make_decoder_kernels(KernelChoice choice,
                                                     AttentionConstants constants);
std::unique_ptr<DecoderKernels> make_fused_decoder_kernels(AttentionConstants constants);
std::unique_ptr<DecoderKernels> make_aten_decoder_kernels(AttentionConstants constants);

}  // namespace lipsound2::lip2mel
