#include "lipsound2/nn/bidirectional_lstm.h"

#include <cmath>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_pack_padded_sequence.h>
#include <ATen/ops/_pad_packed_sequence.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/zeros.h>

#include "lipsound2/nn/length_mask.h"

namespace lipsound2::nn {
namespace {

/// Whether at::lstm() keeps what its backward pass needs. cuDNN does so only "in training", and
/// would refuse to pass a gradient through a part that is frozen, hence in evaluation mode; without
/// dropout the word means nothing else.
bool keeps_for_backward() {
  return at::GradMode::is_enabled();
}

}  // namespace

BidirectionalLstmImpl::BidirectionalLstmImpl(std::int64_t input_size, std::int64_t hidden_size)
    : hidden_size_(hidden_size) {
  add_direction(input_size, "");
  add_direction(input_size, "_reverse");
}

void BidirectionalLstmImpl::add_direction(std::int64_t input_size, const char* suffix) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden_size_));
  const auto add = [&](const std::string& name, at::IntArrayRef shape) {
    const Tensor weight = at::empty(shape).uniform_(-bound, bound);
    weights_.push_back(register_parameter(name + suffix, weight));
  };
  add("weight_ih_l0", {4 * hidden_size_, input_size});
  add("weight_hh_l0", {4 * hidden_size_, hidden_size_});
  add("bias_ih_l0", {4 * hidden_size_});
  add("bias_hh_l0", {4 * hidden_size_});
  // The gates lie in the order input, forget, cell, output; the two biases add up.
  const at::NoGradGuard no_grad;
  weights_.end()[-2].narrow(0, hidden_size_, hidden_size_).fill_(1);
  weights_.back().narrow(0, hidden_size_, hidden_size_).zero_();
}

Tensor BidirectionalLstmImpl::forward_packed(const Tensor& x, const Tensor& lengths) {
  const Tensor order = at::argsort(lengths, /*stable=*/true, /*dim=*/0, /*descending=*/true);
  const Tensor back = at::argsort(order).to(x.device());
  const auto [packed, sizes] = at::_pack_padded_sequence(x.index_select(0, order.to(x.device())),
                                                         lengths.index_select(0, order),
                                                         /*batch_first=*/true);
  const Tensor start = at::zeros({2, x.size(0), hidden_size_}, x.options());
  const Tensor out = std::get<0>(
      at::lstm(packed, sizes, {start, start}, weights_, true, 1, 0.0, keeps_for_backward(), true));
  const auto padded = std::get<0>(at::_pad_packed_sequence(out, sizes, true, 0.0, x.size(1)));
  return padded.index_select(0, back);
}

Tensor BidirectionalLstmImpl::forward(const Tensor& x, const Tensor& lengths) {
  if (has_padding(lengths, x.size(1)))
    return forward_packed(x, lengths);
  const Tensor start = at::zeros({2, x.size(0), hidden_size_}, x.options());
  return std::get<0>(at::lstm(x,
                              {start, start},
                              weights_,
                              /*has_biases=*/true,
                              /*num_layers=*/1,
                              /*dropout=*/0.0,
                              keeps_for_backward(),
                              /*bidirectional=*/true,
                              /*batch_first=*/true));
}

}  // namespace lipsound2::nn
