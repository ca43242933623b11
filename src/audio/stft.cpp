#include "lipsound2/audio/stft.h"

#include <algorithm>
#include <numbers>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/fft_irfft.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/hann_window.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/polar.h>
#include <ATen/ops/unfold_backward.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

namespace lipsound2::audio {
namespace {

/// Samples first, first + 1, ..., end - 1 of a sound that is mirrored at its first and last sample
/// as often as needed. Positions may be negative or past the end.
Tensor mirrored(const Tensor& samples, std::int64_t first, std::int64_t end) {
  const std::int64_t last = samples.size(-1) - 1;
  const Tensor position = at::arange(first, end, samples.options().dtype(at::kLong));
  if (last == 0)
    return samples.index_select(-1, position.zero_());
  const Tensor folded = position.remainder(2 * last);
  return samples.index_select(-1, last - (folded - last).abs());
}

/// Adds frames [..., M, W] that start every `hop` samples into [..., (M - 1) * hop + W].
Tensor overlap_add(const Tensor& frames, std::int64_t hop) {
  const std::int64_t width = frames.size(-1);
  std::vector<std::int64_t> shape(frames.sizes().begin(), frames.sizes().end() - 1);
  shape.back() = (shape.back() - 1) * hop + width;
  return at::unfold_backward(
      frames, shape, static_cast<std::int64_t>(shape.size()) - 1, width, hop);
}

}  // namespace

Stft::Stft(const StftConfig& config)
    : config_(config),
      before_(config.fft / 2 - (config.fft - config.window) / 2),
      window_(at::hann_window(config.window, /*periodic=*/true, at::dtype(at::kDouble))) {
  TORCH_CHECK(config.hop > 0 && 2 * config.hop <= config.window && config.window <= config.fft,
              "Stft: need 0 < 2 * hop <= window <= fft, got hop ",
              config.hop,
              ", window ",
              config.window,
              ", fft ",
              config.fft);
}

Tensor Stft::window_like(const Tensor& samples) const {
  return window_.to(samples.options());
}

Tensor Stft::forward(const Tensor& samples) const {
  TORCH_CHECK(samples.dim() >= 1 && at::isFloatingType(samples.scalar_type()),
              "Stft::forward: expected real [..., S], got ",
              samples.sizes());
  const std::int64_t length = samples.size(-1);
  const std::int64_t frames = length / config_.hop;
  if (frames == 0) {
    std::vector<std::int64_t> shape(samples.sizes().begin(), samples.sizes().end() - 1);
    shape.insert(shape.end(), {0, config_.fft / 2 + 1});
    return at::zeros(shape, samples.options().dtype(at::toComplexType(samples.scalar_type())));
  }
  const std::int64_t end = (frames - 1) * config_.hop - before_ + config_.window;
  const Tensor inside = samples.narrow(-1, 0, std::min(length, end));
  const Tensor padded = at::cat(
      {mirrored(samples, -before_, 0), inside, mirrored(samples, inside.size(-1), end)}, -1);
  const Tensor windows = padded.unfold(-1, config_.window, config_.hop) * window_like(samples);
  return at::fft_rfft(windows, config_.fft);
}

Tensor Stft::inverse(const Tensor& spectrum) const {
  TORCH_CHECK(spectrum.dim() >= 2 && spectrum.is_complex() && spectrum.size(-2) > 0 &&
                  spectrum.size(-1) == config_.fft / 2 + 1,
              "Stft::inverse: expected complex [..., M, ",
              config_.fft / 2 + 1,
              "], got ",
              spectrum.sizes());
  const std::int64_t frames = spectrum.size(-2);
  const Tensor windows = at::fft_irfft(spectrum, config_.fft).narrow(-1, 0, config_.window);
  const Tensor window = window_like(windows);
  const Tensor weights = overlap_add(window.square().expand({frames, config_.window}), config_.hop);
  const Tensor sound = overlap_add(windows * window, config_.hop) / weights.clamp_min(1e-8);
  return sound.narrow(-1, before_, frames * config_.hop);
}

Tensor Stft::impulse_phase() const {
  const double step =
      -2 * std::numbers::pi * static_cast<double>(before_) / static_cast<double>(config_.fft);
  const Tensor angle = step * at::arange(config_.fft / 2 + 1, at::kDouble);
  return at::polar(at::ones_like(angle), angle).to(at::kComplexFloat);
}

}  // namespace lipsound2::audio
