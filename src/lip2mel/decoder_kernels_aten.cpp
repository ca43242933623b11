#include <limits>
#include <utility>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/util/Exception.h>

#include "decoder_kernels.h"

namespace lipsound2::lip2mel {
namespace {

class AtenDecoderKernels final : public DecoderKernels {
 public:
  explicit AtenDecoderKernels(AttentionConstants given)
      : DecoderKernels(std::move(given)), taps_(constants().location.size(0) / 2) {
    const Tensor& keys = constants().keys;
    const auto positions = at::arange(keys.size(1), constants().lengths.options());
    padding_ = (positions.unsqueeze(0) >= constants().lengths.unsqueeze(1)).to(keys.device());
    kernel_ = constants().location.t().contiguous().view({keys.size(2), 2, taps_});
    sums_ = {at::zeros_like(keys), at::zeros_like(kernel_), at::zeros_like(constants().v)};
  }

  void lstm(const LstmStep& step) override {
    auto gates = step.gates.chunk(4, 1);
    gates[0].sigmoid_();
    gates[1].sigmoid_();
    gates[2].tanh_();
    gates[3].sigmoid_();
    step.cell_out.copy_(gates[1] * step.cell_in);
    step.cell_out.addcmul_(gates[0], gates[2]);
    step.h.copy_(at::tanh(step.cell_out).mul_(gates[3]));
    if (step.mask.defined())
      step.h.mul_(step.mask);
  }

  void lstm_backward(const LstmStepGradient& gradient) override {
    const auto gates = gradient.step.gates.chunk(4, 1);
    auto d_gates = gradient.d_gates.chunk(4, 1);
    const auto& mask = gradient.step.mask;
    const auto d_h = mask.defined() ? gradient.d_h * mask : gradient.d_h;
    const auto tanh_cell = gradient.step.cell_out.tanh();
    d_gates[3].copy_(at::sigmoid_backward(d_h * tanh_cell, gates[3]));
    const auto d_cell = gradient.d_cell + at::tanh_backward(d_h * gates[3], tanh_cell);
    d_gates[0].copy_(at::sigmoid_backward(d_cell * gates[2], gates[0]));
    d_gates[1].copy_(at::sigmoid_backward(d_cell * gradient.step.cell_in, gates[1]));
    d_gates[2].copy_(at::tanh_backward(d_cell * gates[0], gates[2]));
    gradient.d_cell.copy_(d_cell * gates[1]);
  }

  void attend(const AttentionStep& step) override {
    const auto& [memory, keys, location, v, lengths] = constants();
    const auto past = at::stack({step.weights_in, step.cumulative_in}, 1);
    const auto features = at::conv1d(past, kernel_, {}, 1, taps_ / 2).transpose(1, 2);
    step.activation.copy_(at::tanh(features + keys + step.query.unsqueeze(1)));
    const auto energies = at::matmul(step.activation, v)
                              .masked_fill_(padding_, -std::numeric_limits<double>::infinity());
    step.weights_out.copy_(at::softmax(energies, 1));
    step.cumulative_out.copy_(step.cumulative_in + step.weights_out);
    step.context.copy_(at::bmm(step.weights_out.unsqueeze(1), memory).squeeze(1));
  }

  void attend_backward(const AttentionStepGradient& gradient) override {
    const auto& step = gradient.step;
    const auto& [memory, keys, location, v, lengths] = constants();
    const auto d_weights = at::bmm(memory, gradient.d_context.unsqueeze(2)).squeeze(2) +
                           gradient.d_weights + gradient.d_weights_in + gradient.d_cumulative;
    const auto& weights = step.weights_out;
    const auto d_energies = weights * (d_weights - (weights * d_weights).sum(1, /*keepdim=*/true));
    sums_.v.add_(at::matmul(step.activation.flatten(0, 1).t(), d_energies.flatten()));
    const auto d_sum = at::tanh_backward(d_energies.unsqueeze(2) * v, step.activation);
    sums_.keys.add_(d_sum);
    gradient.d_query.copy_(d_sum.sum(1));
    const auto past = at::stack({step.weights_in, step.cumulative_in}, 1);
    const auto [d_past, d_kernel, d_bias] = at::convolution_backward(d_sum.transpose(1, 2),
                                                                     past,
                                                                     kernel_,
                                                                     at::OptionalIntArrayRef(),
                                                                     {1},
                                                                     {taps_ / 2},
                                                                     {1},
                                                                     /*transposed=*/false,
                                                                     {0},
                                                                     /*groups=*/1,
                                                                     {true, true, false});
    sums_.location.add_(d_kernel);
    gradient.d_weights_in.copy_(d_past.select(1, 0));
    gradient.d_cumulative.add_(d_past.select(1, 1));
  }

  AttentionSums sums() const override {
    return {sums_.keys, sums_.location.flatten(1).t(), sums_.v};
  }

 private:
  std::int64_t taps_;
  Tensor padding_;      // [B, T] true where there is no memory
  Tensor kernel_;       // [A, 2, K]
  AttentionSums sums_;  // location as kernel_
};

}  // namespace

std::unique_ptr<DecoderKernels> make_aten_decoder_kernels(AttentionConstants constants) {
  return std::make_unique<AtenDecoderKernels>(std::move(constants));
}

std::unique_ptr<DecoderKernels> make_decoder_kernels(KernelChoice choice,
                                                     AttentionConstants constants) {
  const bool fits = constants.memory.is_cpu() && constants.memory.scalar_type() == at::kFloat;
  TORCH_CHECK(fits || choice != KernelChoice::kFused, "fused kernels need float CPU tensors");
  if (fits && choice != KernelChoice::kAten)
    return make_fused_decoder_kernels(std::move(constants));
  return make_aten_decoder_kernels(std::move(constants));
}

}  // namespace lipsound2::lip2mel
