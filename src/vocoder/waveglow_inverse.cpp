#include "waveglow_inverse.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "gate.h"
#include "gated_convolution.h"
#include "wavenet.h"

namespace lipsound2::vocoder {
namespace {

// Note [Fast inverse]
//
// Rows are groups of samples, columns channels, so that the sound itself is the matrix that the
// flows change in place. What is saved against the published order of operations, all exactly:
//
// * Convolutions take half of the products: see Note [Four outputs by six products].
// * The end is multiplied into the skip connections, C x n instead of C x C per layer, and these
//   are columns beside the residual's: one product for both.
// * Threads share the rows of a layer once, for what the layer before adds and for its own
//   conditions (with a linear mel path, of the frames), before they share its convolution. Between
//   them there is one array of conditions, of activations and of h, which all layers share.

constexpr std::int64_t kRowsAtOnce = 640;  // each time the weights are laid out anew

/// x = (x - b) * exp(-s) for the second half of the channels; change [rows, n] is b, then s.
void undo_coupling(const Tensor& x, const Tensor& change) {
  const std::int64_t half = change.size(1) / 2, stride = x.stride(0);
  float* const first = x.mutable_data_ptr<float>() + half;
  const float* const changes = change.const_data_ptr<float>();
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::int64_t r = 0; r < x.size(0); ++r) {
      float* __restrict row = first + r * stride;
      const float* __restrict b = changes + r * 2 * half;
#pragma GCC ivdep
      for (std::int64_t c = 0; c < half; ++c)
        row[c] = (row[c] - b[c]) * fast_exp(-b[half + c]);
    }
  });
}

/// h += mixed + bias, change += the columns of `mixed` behind those of h.
void add_mixed(const Tensor& mixed, const Tensor& bias, const Tensor& h, const Tensor& change) {
  const std::int64_t channels = h.size(1), outputs = change.size(1);
  const float* const from = mixed.const_data_ptr<float>();
  const float* __restrict const biases = bias.const_data_ptr<float>();
  float* const to_h = h.mutable_data_ptr<float>();
  float* const to_change = change.mutable_data_ptr<float>();
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::int64_t r = 0; r < h.size(0); ++r) {
      const float* __restrict m = from + r * (channels + outputs);
      float* __restrict to = to_h + r * channels;
#pragma GCC ivdep
      for (std::int64_t c = 0; c < channels; ++c)
        to[c] += m[c] + biases[c];
      to = to_change + r * outputs;
#pragma GCC ivdep
      for (std::int64_t c = 0; c < outputs; ++c)
        to[c] += m[channels + c];
    }
  });
}

}  // namespace

struct WaveGlowInverse::Buffers {
  Tensor features;     ///< [T', F]
  Tensor x;            ///< [T, group]
  Tensor h;            ///< [T, C]
  Tensor activations;  ///< [T, C]
  Tensor conditions;   ///< [T', 2 C]
  Tensor change;       ///< [T * n] in the first elements
  GatedWorkspace workspace;

  Tensor change_of(std::int64_t width) const {
    return change.narrow(0, 0, x.size(0) * width).view({-1, width});
  }

  /// A part of the rows, and the same part of the frames.
  struct Part {
    std::int64_t row, rows, frame, frames;
    Tensor of(const Tensor& all) const { return all.narrow(0, row, rows); }
    Tensor of_frames(const Tensor& all) const { return all.narrow(0, frame, frames); }
  };

  template <class Work>
  void for_each_part(const Work& work) const {
    const std::int64_t rows = x.size(0), frames = features.size(0);
    const std::int64_t threads = at::get_num_threads(), room = kRowsAtOnce * threads;
    const std::int64_t parts = (rows + room - 1) / room * threads;  // all threads alike
    at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
      const at::NoGradGuard no_grad;  // which threads do not inherit
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = rows * i / parts, frame = frames * i / parts;
        work(Part{row, rows * (i + 1) / parts - row, frame, frames * (i + 1) / parts - frame});
      }
    });
  }
};

WaveGlowInverse::WaveGlowInverse(WaveGlowImpl& network, bool take)
    : group_(network.config().group), channels_(network.config().channels) {
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> unmixings = network.unmixings();
  for (std::int64_t k = 0; k < network.config().flows; ++k) {
    flows_.push_back(make_flow(network.wavenet_weights(k), unmixings[static_cast<std::size_t>(k)]));
    if (take)
      network.drop_wavenet(k);
  }
}

WaveGlowInverse::Flow WaveGlowInverse::make_flow(const WaveNetWeights& net,
                                                 const Tensor& unmixing) const {
  const std::int64_t width = 2 * channels_;
  Flow flow{.left = group_ - unmixing.size(0),
            .start = net.start.t().contiguous(),
            .start_bias = net.start_bias.clone(),
            .layers = {},
            .end_bias = net.end_bias.clone(),
            .unmixing = unmixing.t().contiguous()};
  for (std::int64_t i = 0; i < net.layers(); ++i) {
    const bool last = i + 1 == net.layers();
    const auto skips = [&](const Tensor& both) {
      return both.narrow(0, last ? 0 : channels_, channels_);
    };
    const Tensor res_skip = net.res_skip[i].multiplied().squeeze(2);
    const Tensor condition = net.condition.narrow(i * width, width).multiplied().squeeze(2);
    const Tensor skip = at::mm(net.end, skips(res_skip));
    flow.end_bias.addmv_(net.end, skips(net.skip_bias[i]));
    const Tensor taps = at::empty({6, width, channels_});
    combine_taps(net.in[i], taps);
    flow.layers.push_back(
        {.taps = taps,
         .condition = condition.t().contiguous(),
         .biases = net.condition_bias.narrow(0, i * width, width) + net.in_bias[i],
         .mix = (last ? skip : at::cat({res_skip.narrow(0, 0, channels_), skip})).t().contiguous(),
         .residual_bias = last ? Tensor() : net.skip_bias[i].narrow(0, 0, channels_).clone()});
  }
  return flow;
}

Tensor WaveGlowInverse::operator()(const Tensor& features, const Tensor& latents) const {
  const at::NoGradGuard no_grad;
  const std::int64_t rows = latents.size(0);
  TORCH_CHECK(latents.size(1) == group_ && rows % features.size(0) == 0,
              "features and latents do not fit");
  const auto options = latents.options();
  Buffers buffers{.features = features,
                  .x = latents.clone(),
                  .h = at::empty({rows, channels_}, options),
                  .activations = at::empty({rows, channels_}, options),
                  .conditions = at::empty({features.size(0), 2 * channels_}, options),
                  .change = at::empty({rows * group_}, options),
                  .workspace = GatedWorkspace(channels_)};
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow)
    run_flow(*flow, buffers);
  return buffers.x.flatten();
}

void WaveGlowInverse::run_flow(const Flow& flow, Buffers& buffers) const {
  const std::int64_t width = group_ - flow.left;
  const Tensor x = buffers.x.narrow(1, flow.left, width), change = buffers.change_of(width);
  for (std::size_t i = 0; i < flow.layers.size(); ++i) {
    const Layer& layer = flow.layers[i];
    buffers.for_each_part([&](const Buffers::Part& part) {
      Tensor h = part.of(buffers.h), conditions = part.of_frames(buffers.conditions);
      if (i == 0) {
        at::addmm_out(h, flow.start_bias, part.of(x).narrow(1, 0, width / 2), flow.start);
        part.of(change).copy_(flow.end_bias);
      } else {
        const Layer& before = flow.layers[i - 1];
        add_mixed(at::mm(part.of(buffers.activations), before.mix),
                  before.residual_bias,
                  h,
                  part.of(change));
      }
      at::mm_out(conditions, part.of_frames(buffers.features), layer.condition);
    });
    gated_convolution({.h = buffers.h,
                       .conditions = buffers.conditions,
                       .biases = layer.biases,
                       .activations = buffers.activations,
                       .gates = {}},
                      layer.taps,
                      /*clips=*/1,
                      std::int64_t{1} << i,
                      buffers.workspace);
  }
  buffers.for_each_part([&](const Buffers::Part& part) {
    const Tensor rows = part.of(x), own = part.of(change);
    own.addmm_(part.of(buffers.activations), flow.layers.back().mix);
    undo_coupling(rows, own);
    rows.copy_(at::mm(rows, flow.unmixing));
  });
}

}  // namespace lipsound2::vocoder
