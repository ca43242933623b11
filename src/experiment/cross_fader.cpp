#include "cross_fader.h"

#include <utility>

#include <torch/types.h>

namespace lipsound2::experiment {
namespace {

// Weights 0 < w < 1 of the newer side of a cross-fade, shaped [count, 1].
Tensor fade_in(std::int64_t count) {
  return torch::arange(1, count + 1)
      .to(torch::kFloat32)
      .div(static_cast<double>(count + 1))
      .unsqueeze(1);
}

}  // namespace

CrossFader::CrossFader(Sink sink) : sink_(std::move(sink)) {}

void CrossFader::add(const Tensor& window, std::int64_t shared) {
  if (held_.defined()) {
    const std::int64_t kept = held_.size(0) - shared;
    sink_(held_.slice(0, 0, kept));
    if (shared > 0) {
      const Tensor weight = fade_in(shared);
      sink_(held_.slice(0, kept) * (1 - weight) + window.slice(0, 0, shared) * weight);
    }
  }
  held_ = window.slice(0, shared).clone();
}

void CrossFader::finish() {
  if (held_.defined())
    sink_(held_);
}

}  // namespace lipsound2::experiment
