#include <utility>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include "decoder_sequence.h"

namespace lipsound2::lip2mel {
namespace {

/// x^T y over all rows: the gradient of a weight from the gradients of its outputs and its inputs.
Tensor product_over_steps(const Tensor& d_outputs, const Tensor& inputs) {
  return at::mm(d_outputs.flatten(0, -2).t(), inputs.flatten(0, -2));
}

Tensor backward_step_of(const Tensor& all, std::int64_t t) {
  return all.defined() ? all.select(0, t) : all;
}

/// Gradient before a ReLU and a scaled dropout mask, given the layer's final output.
Tensor relu_backward(const Tensor& d_output, const Tensor& output, const Tensor& mask) {
  const auto d = at::threshold_backward(d_output, output, 0);
  return mask.defined() ? d.mul_(mask) : d;
}

/// One backward pass. The members' order is that of the pass.
class DecoderBackward {
 public:
  DecoderBackward(const DecoderTask& task, const DecoderWeights& weights, const DecoderTape& tape)
      : task_(task),
        weights_(weights),
        tape_(tape),
        kernels_(make_decoder_kernels(task.kernels, tape.attention)),
        steps_(task.steps),
        memory_size_(task.memory.size(2)),
        prenet_(weights.prenet_second.size(0)),
        lstm1_(weights.lstm1_hidden.size(1)),
        lstm2_(weights.lstm2_hidden.size(1)) {}

  DecoderGradients run(const Tensor& d_mel, const Tensor& d_attention) {
    projection(d_mel);
    second_lstm();
    attention_and_first_lstm(d_attention);
    attention_weights();
    prenet();
    return {std::move(d_memory_), std::move(d_)};
  }

 private:
  const DecoderTask& task_;
  const DecoderWeights& weights_;
  const DecoderTape& tape_;
  std::unique_ptr<DecoderKernels> kernels_;
  std::int64_t steps_, memory_size_, prenet_, lstm1_, lstm2_;
  Tensor d_x3_;        // [S, B, H2 + D]
  Tensor d_x1_state_;  // [S, B, D + H1] gradient of each step's context and h1
  Tensor d_gates1_;    // [S, B, 4 H1]
  Tensor d_query_;     // [S, B, A]
  Tensor d_memory_;
  DecoderWeights d_;

  void projection(const Tensor& d_mel) {
    d_.projection = product_over_steps(d_mel, tape_.x3);
    d_.projection_bias = d_mel.sum({0, 1});
    d_x3_ = at::matmul(d_mel, weights_.projection);
  }

  void second_lstm() {
    auto d_gates = at::empty_like(tape_.gates2);
    auto d_cell = at::zeros_like(tape_.cell2[0]);
    for (auto t = steps_ - 1; t >= 0; --t) {
      auto d_h = d_x3_[t].narrow(1, 0, lstm2_);
      if (t + 1 < steps_)
        d_h.addmm_(d_gates[t + 1], weights_.lstm2_hidden);
      kernels_->lstm_backward({{tape_.gates2[t],
                                tape_.cell2[t],
                                tape_.cell2[t + 1],
                                backward_step_of(task_.masks.lstm2, t),
                                {}},
                               d_h,
                               d_cell,
                               d_gates[t]});
    }
    const auto d_weights = product_over_steps(d_gates, tape_.x2.narrow(0, 0, steps_));
    d_.lstm2_input = d_weights.narrow(1, 0, lstm1_ + memory_size_).contiguous();
    d_.lstm2_hidden = d_weights.narrow(1, lstm1_ + memory_size_, lstm2_).contiguous();
    d_.lstm2_input_bias = d_gates.sum({0, 1});
    d_.lstm2_hidden_bias = d_.lstm2_input_bias.clone();
    const auto d_x2 = at::matmul(d_gates, weights_.lstm2_input);
    d_x1_state_ =
        at::cat({d_x2.narrow(2, lstm1_, memory_size_) + d_x3_.narrow(2, lstm2_, memory_size_),
                 d_x2.narrow(2, 0, lstm1_)},
                2);
  }

  void attention_and_first_lstm(const Tensor& d_attention) {
    const auto state_weights =
        at::cat({weights_.lstm1_input.narrow(1, prenet_, memory_size_), weights_.lstm1_hidden}, 1);
    d_gates1_ = at::empty_like(tape_.gates1);
    d_query_ =
        at::empty({steps_, task_.memory.size(0), weights_.query.size(0)}, task_.memory.options());
    auto d_cell = at::zeros_like(tape_.cell1[0]);
    auto d_past = at::zeros_like(tape_.weights[0]);
    auto d_cumulative = at::zeros_like(d_past);
    for (auto t = steps_ - 1; t >= 0; --t) {
      auto d_state = d_x1_state_[t];
      if (t + 1 < steps_)
        d_state.addmm_(d_gates1_[t + 1], state_weights);
      kernels_->attend_backward({attention_step(t),
                                 d_state.narrow(1, 0, memory_size_),
                                 d_attention[t],
                                 d_past,
                                 d_cumulative,
                                 d_query_[t]});
      auto d_h = d_state.narrow(1, memory_size_, lstm1_);
      d_h.addmm_(d_query_[t], weights_.query);
      kernels_->lstm_backward({{tape_.gates1[t],
                                tape_.cell1[t],
                                tape_.cell1[t + 1],
                                backward_step_of(task_.masks.lstm1, t),
                                {}},
                               d_h,
                               d_cell,
                               d_gates1_[t]});
    }
  }

  AttentionStep attention_step(std::int64_t t) const {
    return {.query = {},
            .weights_in = tape_.weights[t],
            .cumulative_in = tape_.cumulative[t],
            .activation = tape_.activation[t],
            .weights_out = tape_.weights[t + 1],
            .cumulative_out = tape_.cumulative[t + 1],
            .context = {}};
  }

  void attention_weights() {
    const auto sums = kernels_->sums();
    const auto d_taps = sums.location.t();  // [A, 2K]
    d_.v = sums.v.view_as(weights_.v);
    d_.location_dense = at::mm(d_taps, weights_.location_conv.flatten(1).t());
    d_.location_conv = at::mm(weights_.location_dense.t(), d_taps).view_as(weights_.location_conv);
    d_.memory = product_over_steps(sums.keys, task_.memory);
    d_.query = product_over_steps(d_query_, tape_.x2.narrow(0, 0, steps_).narrow(2, 0, lstm1_));
    const auto attention = tape_.weights.narrow(0, 1, steps_).permute({1, 2, 0});
    const auto d_context = d_x1_state_.narrow(2, 0, memory_size_).transpose(0, 1);
    d_memory_ = at::matmul(sums.keys, weights_.memory).add_(at::bmm(attention, d_context));
  }

  void prenet() {
    const auto inputs = tape_.x1.narrow(0, 0, steps_);
    const auto d_weights = product_over_steps(d_gates1_, inputs);
    d_.lstm1_input = d_weights.narrow(1, 0, prenet_ + memory_size_).contiguous();
    d_.lstm1_hidden = d_weights.narrow(1, prenet_ + memory_size_, lstm1_).contiguous();
    d_.lstm1_input_bias = d_gates1_.sum({0, 1});
    d_.lstm1_hidden_bias = d_.lstm1_input_bias.clone();
    const auto d_second =
        relu_backward(at::matmul(d_gates1_, weights_.lstm1_input.narrow(1, 0, prenet_)),
                      inputs.narrow(2, 0, prenet_),
                      task_.masks.prenet_second);
    d_.prenet_second = product_over_steps(d_second, tape_.hidden);
    const auto d_first = relu_backward(
        at::matmul(d_second, weights_.prenet_second), tape_.hidden, task_.masks.prenet_first);
    d_.prenet_first = product_over_steps(d_first, tape_.fed);
  }
};

/// What a node keeps besides its inputs.
struct DecoderMemento final : torch::CustomClassHolder {
  DecoderTask task;
  DecoderTape tape;
};

/// The sequence as one node; `inputs` are the memory and the parameters.
class DecodeFunction final : public torch::autograd::Function<DecodeFunction> {
 public:
  static std::vector<Tensor> forward(torch::autograd::AutogradContext* context,
                                     at::TensorList inputs,
                                     const DecoderTask& task) {
    auto memento = c10::make_intrusive<DecoderMemento>();
    memento->task = task;
    memento->task.memory = inputs[0].detach();
    memento->tape = run_decoder(memento->task, parameters(inputs));
    auto& tape = memento->tape;
    std::vector<Tensor> outputs = {std::exchange(tape.mel, {}),
                                   tape.weights.narrow(0, 1, task.steps).clone()};
    context->save_for_backward(inputs.vec());
    context->saved_data["memento"] = c10::IValue::make_capsule(std::move(memento));
    return outputs;
  }

  static std::vector<Tensor> backward(torch::autograd::AutogradContext* context,
                                      const std::vector<Tensor>& d_outputs) {
    const auto capsule = context->saved_data["memento"].toCapsule();
    const auto& memento = static_cast<const DecoderMemento&>(*capsule);
    auto [d_memory, d_weights] = run_decoder_backward(memento.task,
                                                      parameters(context->get_saved_variables()),
                                                      memento.tape,
                                                      d_outputs[0].contiguous(),
                                                      d_outputs[1].contiguous());
    std::vector<Tensor> d_inputs = d_weights.list();
    d_inputs.insert(d_inputs.begin(), std::move(d_memory));
    d_inputs.emplace_back();  // the task is not a tensor
    return d_inputs;
  }

 private:
  static DecoderWeights parameters(at::TensorList inputs) {
    return DecoderWeights::from(inputs.slice(1));
  }
};

}  // namespace

DecoderGradients run_decoder_backward(const DecoderTask& task,
                                      const DecoderWeights& weights,
                                      const DecoderTape& tape,
                                      const Tensor& d_mel,
                                      const Tensor& d_attention) {
  return DecoderBackward(task, weights, tape).run(d_mel, d_attention);
}

std::pair<Tensor, Tensor> decode_sequence(const DecoderTask& task, const DecoderWeights& weights) {
  std::vector<Tensor> inputs = weights.list();
  inputs.insert(inputs.begin(), task.memory);
  const auto outputs = DecodeFunction::apply(at::TensorList(inputs), task);
  return {outputs[0], outputs[1]};
}

}  // namespace lipsound2::lip2mel
