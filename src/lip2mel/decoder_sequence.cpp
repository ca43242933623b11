#include "decoder_sequence.h"

#include <utility>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace lipsound2::lip2mel {
namespace {

struct DecoderSizes {
  std::int64_t steps, clips, positions, memory, prenet, lstm1, lstm2, dim, bands;
};

DecoderSizes sizes_of(const DecoderTask& task, const DecoderWeights& weights) {
  return {.steps = task.steps,
          .clips = task.memory.size(0),
          .positions = task.memory.size(1),
          .memory = task.memory.size(2),
          .prenet = weights.prenet_second.size(0),
          .lstm1 = weights.lstm1_hidden.size(1),
          .lstm2 = weights.lstm2_hidden.size(1),
          .dim = weights.query.size(0),
          .bands = task.bands};
}

AttentionConstants attention_constants(const DecoderTask& task, const DecoderWeights& weights) {
  const auto taps = at::matmul(weights.location_dense, weights.location_conv.flatten(1));
  return {.memory = task.memory.contiguous(),
          .keys = at::matmul(task.memory, weights.memory.t()).contiguous(),
          .location = taps.t().contiguous(),
          .v = weights.v.flatten().contiguous(),
          .lengths = task.lengths.contiguous()};
}

DecoderTape blank_tape(const DecoderTask& task, const DecoderWeights& weights) {
  const auto n = sizes_of(task, weights);
  const auto options = task.memory.options();
  const auto empty = [&](std::int64_t steps, at::IntArrayRef rest) {
    std::vector<std::int64_t> shape = {steps, n.clips};
    shape.insert(shape.end(), rest.begin(), rest.end());
    return at::empty(shape, options);
  };
  DecoderTape tape;
  tape.x1 = empty(n.steps + 1, {n.prenet + n.memory + n.lstm1});
  tape.x2 = empty(n.steps + 1, {n.lstm1 + n.memory + n.lstm2});
  tape.x3 = empty(n.steps, {n.lstm2 + n.memory});
  tape.gates1 = empty(n.steps, {4 * n.lstm1});
  tape.gates2 = empty(n.steps, {4 * n.lstm2});
  tape.cell1 = empty(n.steps + 1, {n.lstm1});
  tape.cell2 = empty(n.steps + 1, {n.lstm2});
  tape.weights = empty(n.steps + 1, {n.positions});
  tape.cumulative = empty(n.steps + 1, {n.positions});
  tape.activation = empty(n.steps, {n.positions, n.dim});
  for (const auto& state :
       {tape.x1, tape.x2, tape.cell1, tape.cell2, tape.weights, tape.cumulative})
    state[0].zero_();
  tape.attention = attention_constants(task, weights);
  return tape;
}

Tensor masked(const Tensor& x, const Tensor& mask) {
  return mask.defined() ? x * mask : x;
}

Tensor step_of(const Tensor& all, std::int64_t t) {
  return all.defined() ? all.select(0, t) : all;
}

/// One run: the loop and the views that its steps share.
class DecoderRun {
 public:
  DecoderRun(const DecoderTask& task, const DecoderWeights& weights)
      : task_(task),
        weights_(weights),
        n_(sizes_of(task, weights)),
        tape_(blank_tape(task, weights)),
        kernels_(make_decoder_kernels(task.kernels, tape_.attention)),
        product1_(at::cat({weights.lstm1_input, weights.lstm1_hidden}, 1).t().contiguous()),
        product2_(at::cat({weights.lstm2_input, weights.lstm2_hidden}, 1).t().contiguous()),
        bias1_(weights.lstm1_input_bias + weights.lstm1_hidden_bias),
        bias2_(weights.lstm2_input_bias + weights.lstm2_hidden_bias) {}

  DecoderTape with_truth() {
    tape_.fed = task_.truth.contiguous();
    tape_.hidden =
        masked(at::matmul(tape_.fed, weights_.prenet_first.t()).relu_(), task_.masks.prenet_first);
    const auto prenet = at::matmul(tape_.hidden, weights_.prenet_second.t()).relu_();
    tape_.x1.narrow(0, 0, n_.steps)
        .narrow(2, 0, n_.prenet)
        .copy_(masked(prenet, task_.masks.prenet_second));
    product_of_all(tape_.gates1, tape_.x1, bias1_, product1_.narrow(0, 0, n_.prenet));
    for (std::int64_t t = 0; t < n_.steps; ++t)
      attend(t, n_.prenet);
    const auto inputs = n_.lstm1 + n_.memory;
    product_of_all(tape_.gates2, tape_.x2, bias2_, product2_.narrow(0, 0, inputs));
    for (std::int64_t t = 0; t < n_.steps; ++t)
      finish(t, inputs);
    const auto flat = tape_.x3.flatten(0, 1);
    tape_.mel = at::addmm(weights_.projection_bias, flat, weights_.projection.t())
                    .view({n_.steps, n_.clips, -1});
    return std::move(tape_);
  }

  DecoderTape with_own_output() {
    const auto options = tape_.x1.options();
    tape_.fed = at::zeros({n_.steps, n_.clips, n_.bands}, options);
    tape_.hidden = at::empty({n_.steps, n_.clips, n_.prenet}, options);
    tape_.mel = at::empty({n_.steps, n_.clips, weights_.projection.size(0)}, options);
    for (std::int64_t t = 0; t < n_.steps; ++t) {
      if (t > 0)
        tape_.fed[t].copy_(tape_.mel[t - 1].slice(1, -n_.bands));
      listen(t);
      tape_.gates1[t].copy_(bias1_.expand_as(tape_.gates1[t]));
      attend(t, 0);
      tape_.gates2[t].copy_(bias2_.expand_as(tape_.gates2[t]));
      finish(t, 0);
      auto mel = tape_.mel[t];
      at::addmm_out(mel, weights_.projection_bias, tape_.x3[t], weights_.projection.t());
    }
    return std::move(tape_);
  }

 private:
  const DecoderTask& task_;
  const DecoderWeights& weights_;
  DecoderSizes n_;
  DecoderTape tape_;
  std::unique_ptr<DecoderKernels> kernels_;
  Tensor product1_;  // [P + D + H1, 4 H1]; row-major products are the fast ones
  Tensor product2_;  // [H1 + D + H2, 4 H2]
  Tensor bias1_;
  Tensor bias2_;

  /// gates = bias + the first columns of x times `weights`, for all steps.
  void product_of_all(const Tensor& gates,
                      const Tensor& x,
                      const Tensor& bias,
                      const Tensor& weights) const {
    const auto inputs = x.narrow(0, 0, n_.steps).flatten(0, 1).narrow(1, 0, weights.size(0));
    auto flat = gates.flatten(0, 1);
    at::addmm_out(flat, bias, inputs, weights);
  }

  /// The prenet, for one step.
  void listen(std::int64_t t) const {
    tape_.hidden[t].copy_(masked(at::mm(tape_.fed[t], weights_.prenet_first.t()).relu_(),
                                 step_of(task_.masks.prenet_first, t)));
    const auto prenet = at::mm(tape_.hidden[t], weights_.prenet_second.t()).relu_();
    tape_.x1[t]
        .narrow(1, 0, n_.prenet)
        .copy_(masked(prenet, step_of(task_.masks.prenet_second, t)));
  }

  /// First LSTM and attention; the first `done` rows of the product are in the gates already.
  void attend(std::int64_t t, std::int64_t done) const {
    const auto rows = product1_.size(0) - done;
    tape_.gates1[t].addmm_(tape_.x1[t].narrow(1, done, rows), product1_.narrow(0, done, rows));
    const auto h = tape_.x2[t].narrow(1, 0, n_.lstm1);
    kernels_->lstm(
        {tape_.gates1[t], tape_.cell1[t], tape_.cell1[t + 1], step_of(task_.masks.lstm1, t), h});
    const auto context = tape_.x2[t].narrow(1, n_.lstm1, n_.memory);
    kernels_->attend({at::mm(h, weights_.query.t()),
                      tape_.weights[t],
                      tape_.cumulative[t],
                      tape_.activation[t],
                      tape_.weights[t + 1],
                      tape_.cumulative[t + 1],
                      context});
    tape_.x1[t + 1].narrow(1, n_.prenet, n_.memory).copy_(context);
    tape_.x1[t + 1].narrow(1, n_.prenet + n_.memory, n_.lstm1).copy_(h);
    tape_.x3[t].narrow(1, n_.lstm2, n_.memory).copy_(context);
  }

  /// Second LSTM.
  void finish(std::int64_t t, std::int64_t done) const {
    const auto rows = product2_.size(0) - done;
    tape_.gates2[t].addmm_(tape_.x2[t].narrow(1, done, rows), product2_.narrow(0, done, rows));
    const auto h = tape_.x3[t].narrow(1, 0, n_.lstm2);
    kernels_->lstm(
        {tape_.gates2[t], tape_.cell2[t], tape_.cell2[t + 1], step_of(task_.masks.lstm2, t), h});
    tape_.x2[t + 1].narrow(1, n_.lstm1 + n_.memory, n_.lstm2).copy_(h);
  }
};

}  // namespace

DecoderWeights DecoderWeights::from(at::TensorList list) {
  return {list[0],
          list[1],
          list[2],
          list[3],
          list[4],
          list[5],
          list[6],
          list[7],
          list[8],
          list[9],
          list[10],
          list[11],
          list[12],
          list[13],
          list[14],
          list[15],
          list[16]};
}

std::vector<Tensor> DecoderWeights::list() const {
  return {prenet_first,
          prenet_second,
          lstm1_input,
          lstm1_hidden,
          lstm1_input_bias,
          lstm1_hidden_bias,
          query,
          memory,
          v,
          location_conv,
          location_dense,
          lstm2_input,
          lstm2_hidden,
          lstm2_input_bias,
          lstm2_hidden_bias,
          projection,
          projection_bias};
}

DecoderTape run_decoder(const DecoderTask& task, const DecoderWeights& weights) {
  DecoderRun run(task, weights);
  return task.truth.defined() ? run.with_truth() : run.with_own_output();
}

}  // namespace lipsound2::lip2mel
