#include "waveglow_inverse.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include "gate.h"
#include "wavenet.h"

namespace lipsound2::vocoder {
namespace {

// Note [Fast inverse]
//
// Rows are groups of samples, columns channels, so that the sound itself is the matrix that the
// flows change in place. What is saved against the published order of operations, all exactly:
//
// * A convolution of three taps gives two outputs, `dilation` apart, by four products instead of
// six
//   (Winograd 1980, F(2, 3)): with inputs x0..x3 that far apart and taps g0 g1 g2,
//     m0 = (x0 - x2) g0, m1 = (x1 + x2) (g0 + g1 + g2) / 2, m2 = (x2 - x1) (g0 - g1 + g2) / 2,
//     m3 = (x1 - x3) g2 give y0 = m0 + m1 + m2 and y1 = m1 - m2 - m3.
// * The end is multiplied into the skip connections: C x n instead of C x C per layer.
// * Sums, conditions and gates are one pass over rows that are still in the cache, and there is no
//   array for the conditions of more than a block (with a linear mel path, of the frames).

constexpr std::int64_t kRowsAtOnce = 512;

Tensor combined_taps(const Tensor& in) {  // [2 C, C, 3] -> [4, C, 2 C]
  const std::vector<Tensor> g = in.permute({2, 1, 0}).to(at::kDouble).unbind();
  return at::stack({g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2, g[2]})
      .to(in.scalar_type())
      .contiguous();
}

/// Rows of a block of a convolution with pointers to their arrays.
struct ConvolutionRows {
  const float* h;   ///< row of the block's first group
  float* inputs;    ///< [4, pairs, C]
  float* products;  ///< [4, pairs, 2 C]
  float* sums;      ///< [2 pairs, 2 C] conditions
  float* activations;
  std::int64_t pairs;
  std::int64_t dilation;
  std::int64_t channels;

  /// The first row of a pair, counted in the block.
  std::int64_t row(std::int64_t pair) const {
    return pair / dilation * 2 * dilation + pair % dilation;
  }
};

[[gnu::always_inline]] inline void combine_inputs(const ConvolutionRows& at, std::int64_t pair) {
  const std::int64_t apart = at.dilation * at.channels;
  const float* __restrict x1 = at.h + at.row(pair) * at.channels;
  const float* __restrict x0 = x1 - apart;
  const float* __restrict x2 = x1 + apart;
  const float* __restrict x3 = x2 + apart;
  float* __restrict to = at.inputs + pair * at.channels;
  const std::int64_t next = at.pairs * at.channels;
#pragma GCC ivdep  // no two of the rows overlap
  for (std::int64_t c = 0; c < at.channels; ++c) {
    to[c] = x0[c] - x2[c];
    to[c + next] = x1[c] + x2[c];
    to[c + 2 * next] = x2[c] - x1[c];
    to[c + 3 * next] = x1[c] - x3[c];
  }
}

[[gnu::always_inline]] inline void gate_pair(const ConvolutionRows& at, std::int64_t pair) {
  const std::int64_t width = 2 * at.channels, next = at.pairs * width, row = at.row(pair);
  const float* __restrict m = at.products + pair * width;
  const float* __restrict first = at.sums + row * width;
  const float* __restrict second = first + at.dilation * width;
  float* __restrict a = at.activations + row * at.channels;
  float* __restrict b = a + at.dilation * at.channels;
#pragma GCC ivdep  // no two of the rows overlap
  for (std::int64_t c = 0; c < at.channels; ++c) {
    const std::int64_t d = c + at.channels;
    const float u0 = m[c + next] + m[c + 2 * next], v0 = m[d + next] + m[d + 2 * next];
    const float u1 = m[c + next] - m[c + 2 * next], v1 = m[d + next] - m[d + 2 * next];
    a[c] = gated(first[c] + m[c] + u0, first[d] + m[d] + v0);
    b[c] = gated(second[c] + u1 - m[c + 3 * next], second[d] + v1 - m[d + 3 * next]);
  }
}

/// Conditions [T', 2 C] at the rate of the groups: rows `begin`... of `sums` [rows, 2 C].
void interpolate(const Tensor& frames,
                 std::int64_t per_frame,
                 std::int64_t begin,
                 const Tensor& sums) {
  const float* const from = frames.const_data_ptr<float>();
  float* const to = sums.mutable_data_ptr<float>();
  const std::int64_t count = frames.size(0), width = frames.size(1), stride = frames.stride(0);
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::int64_t r = 0; r < sums.size(0); ++r) {
      const std::int64_t step = std::min(begin + r, count * per_frame - 1);
      const BetweenFrames place = between_frames(step, per_frame, count);
      const float* __restrict low = from + place.low * stride;
      const float* __restrict high = from + place.high * stride;
      float* __restrict sum = to + r * width;
#pragma GCC ivdep
      for (std::int64_t c = 0; c < width; ++c)
        sum[c] = low[c] + place.weight * (high[c] - low[c]);
    }
  });
}

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

}  // namespace

struct WaveGlowInverse::Buffers {
  std::int64_t rows;    ///< of the sound
  Tensor x;             ///< [rows, group]
  Tensor h;             ///< [margin + rows, up to whole blocks + margin, C], zero around the rows
  Tensor activations;   ///< [whole blocks, C]
  Tensor change;        ///< [rows, n] in the first columns' memory
  std::int64_t frames;  ///< T'

  template <class Work>
  void for_each_block(std::int64_t block, const Work& work) const {
    at::parallel_for(0, (rows + block - 1) / block, 1, [&](std::int64_t begin, std::int64_t end) {
      const at::NoGradGuard no_grad;  // which threads do not inherit
      for (std::int64_t i = begin; i < end; ++i)
        work(i * block, std::min(block, rows - i * block));
    });
  }
};

WaveGlowInverse::WaveGlowInverse(const WaveGlowImpl& network)
    : group_(network.config().group),
      channels_(network.config().channels),
      margin_(std::int64_t{1} << (network.config().layers - 1)),
      block_((kRowsAtOnce + 2 * margin_ - 1) / (2 * margin_) * 2 * margin_) {
  const at::NoGradGuard no_grad;
  const std::vector<Tensor> unmixings = network.unmixings();
  const std::int64_t width = 2 * channels_;
  for (std::size_t k = 0; k < unmixings.size(); ++k) {
    const WaveNetWeights net = network.wavenet_weights(static_cast<std::int64_t>(k));
    Flow flow{.left = group_ - unmixings[k].size(0),
              .start = net.start.t().contiguous(),
              .start_bias = net.start_bias,
              .layers = {},
              .end_bias = net.end_bias.clone(),
              .unmixing = unmixings[k].t().contiguous()};
    for (std::int64_t i = 0; i < net.layers(); ++i) {
      const bool last = i + 1 == net.layers();
      const Tensor skip = net.res_skip[i].narrow(0, last ? 0 : channels_, channels_);
      flow.end_bias.addmv_(net.end, net.skip_bias[i].narrow(0, last ? 0 : channels_, channels_));
      flow.layers.push_back(
          {.dilation = std::int64_t{1} << i,
           .products = combined_taps(net.in[i]),
           .condition = net.condition.narrow(0, i * width, width).t().contiguous(),
           .condition_bias = net.condition_bias.narrow(0, i * width, width) + net.in_bias[i],
           .residual = last ? Tensor() : net.res_skip[i].narrow(0, 0, channels_).t().contiguous(),
           .residual_bias = last ? Tensor() : net.skip_bias[i].narrow(0, 0, channels_),
           .skip = at::mm(net.end, skip).t().contiguous()});
    }
    flows_.push_back(std::move(flow));
  }
}

Tensor WaveGlowInverse::operator()(const Tensor& features, const Tensor& latents) const {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(latents.size(1) == group_ && latents.size(0) % features.size(0) == 0,
              "features and latents do not fit");
  const std::int64_t rows = latents.size(0), whole = (rows + block_ - 1) / block_ * block_;
  const auto options = latents.options();
  Buffers buffers{.rows = rows,
                  .x = latents.clone(),
                  .h = at::zeros({whole + 2 * margin_, channels_}, options),
                  .activations = at::empty({whole, channels_}, options),
                  .change = at::empty({rows * group_}, options),
                  .frames = features.size(0)};
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow)
    run_flow(*flow, features, buffers);
  return buffers.x.flatten();
}

void WaveGlowInverse::run_flow(const Flow& flow, const Tensor& features, Buffers& buffers) const {
  const std::int64_t width = group_ - flow.left;
  const Tensor x = buffers.x.narrow(1, flow.left, width);
  Tensor h = buffers.h.narrow(0, margin_, buffers.rows);
  Tensor change = buffers.change.narrow(0, 0, buffers.rows * width).view({-1, width});
  at::addmm_out(h, flow.start_bias, x.narrow(1, 0, width / 2), flow.start);
  change.copy_(flow.end_bias.expand_as(change));
  for (const Layer& layer : flow.layers) {
    run_layer(layer, features, buffers);
    buffers.for_each_block(block_, [&](std::int64_t begin, std::int64_t count) {
      const Tensor activations = buffers.activations.narrow(0, begin, count);
      change.narrow(0, begin, count).addmm_(activations, layer.skip);
      if (layer.residual.defined())
        h.narrow(0, begin, count).addmm_(activations, layer.residual).add_(layer.residual_bias);
    });
  }
  buffers.for_each_block(block_, [&](std::int64_t begin, std::int64_t count) {
    const Tensor rows = x.narrow(0, begin, count);
    undo_coupling(rows, change.narrow(0, begin, count));
    rows.copy_(at::mm(rows, flow.unmixing));
  });
}

void WaveGlowInverse::run_layer(const Layer& layer,
                                const Tensor& features,
                                Buffers& buffers) const {
  const bool at_frames = buffers.frames < buffers.rows;
  const Tensor conditions =
      at_frames ? at::addmm(layer.condition_bias, features, layer.condition) : features;
  buffers.for_each_block(block_, [&](std::int64_t begin, std::int64_t) {
    convolve(layer, conditions, buffers, begin);
  });
}

void WaveGlowInverse::convolve(const Layer& layer,
                               const Tensor& features,
                               Buffers& buffers,
                               std::int64_t begin) const {
  const auto options = features.options();
  const std::int64_t twice = 2 * layer.dilation, width = 2 * channels_;
  const std::int64_t count = std::min(block_, (buffers.rows - begin + twice - 1) / twice * twice);
  const std::int64_t pairs = count / 2;
  const Tensor inputs = at::empty({4, pairs, channels_}, options);
  const Tensor products = at::empty({4, pairs, width}, options);
  const Tensor sums = at::empty({count, width}, options);
  const ConvolutionRows rows{
      .h = buffers.h.const_data_ptr<float>() + (margin_ + begin) * channels_,
      .inputs = inputs.mutable_data_ptr<float>(),
      .products = products.mutable_data_ptr<float>(),
      .sums = sums.mutable_data_ptr<float>(),
      .activations = buffers.activations.mutable_data_ptr<float>() + begin * channels_,
      .pairs = pairs,
      .dilation = layer.dilation,
      .channels = channels_};
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::int64_t pair = 0; pair < pairs; ++pair)
      combine_inputs(rows, pair);
  });
  for (std::int64_t m = 0; m < 4; ++m) {
    Tensor product = products[m];
    at::mm_out(product, inputs[m], layer.products[m]);
  }
  if (buffers.frames < buffers.rows) {
    interpolate(features, buffers.rows / buffers.frames, begin, sums);
  } else {
    const std::int64_t real = std::min(count, buffers.rows - begin);
    Tensor known = sums.narrow(0, 0, real);
    at::addmm_out(known, layer.condition_bias, features.narrow(0, begin, real), layer.condition);
    sums.narrow(0, real, count - real).zero_();
  }
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::int64_t pair = 0; pair < pairs; ++pair)
      gate_pair(rows, pair);
  });
}

}  // namespace lipsound2::vocoder
