#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "lipsound2/lip2mel/decoder.h"

/// Configs and tensors that the tests of the decoder share.
namespace lipsound2::lip2mel {

inline DecoderConfig tiny_decoder_config() {
  DecoderConfig config;
  config.bands = 3;
  config.frames_per_step = 2;
  config.prenet = 4;
  config.attention = {.dim = 7, .location_filters = 3, .location_kernel = 5};
  config.attention_lstm = 5;
  config.decoder_lstm = 5;
  config.prenet_dropout = 0;
  config.lstm_dropout = 0;
  return config;
}

/// Wide enough for the vector loops, with remainders in every width.
inline DecoderConfig odd_decoder_config() {
  auto config = tiny_decoder_config();
  config.prenet = 19;
  config.attention = {.dim = 37, .location_filters = 3, .location_kernel = 5};
  config.attention_lstm = 35;
  config.decoder_lstm = 21;
  return config;
}

/// scale * sin(0.7 i + phase) over the flat index i, as in make_decoder_reference.py.
inline Tensor sines(at::IntArrayRef shape, double phase, double scale) {
  const auto count = c10::multiply_integers(shape);
  return (at::arange(count, at::kDouble) * 0.7 + phase).sin().mul(scale).view(shape);
}

inline Tensor lengths_of(std::vector<std::int64_t> lengths) {
  return at::tensor(lengths, at::kLong);
}

inline double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace lipsound2::lip2mel
