#include "adamw.h"

#include <cmath>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "flat_parameters.h"

namespace lipsound2::train {

AdamW::AdamW(Tensor values, Tensor decayed, std::vector<RateRange> ranges, AdamWConfig config)
    : values_(std::move(values)),
      decayed_(std::move(decayed)),
      ranges_(std::move(ranges)),
      config_(config),
      first_moment_(at::zeros_like(values_)),
      second_moment_(at::zeros_like(values_)) {}

void AdamW::update(const Tensor& gradients, double learning_rate, std::int64_t step) {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<double>(step);
  const double correction1 = 1.0 - std::pow(config_.beta1, count);
  const double correction2 = 1.0 - std::pow(config_.beta2, count);

  for (const RateRange& range : ranges_) {
    const auto in_range = [&](const Tensor& all) { return all.slice(0, range.begin, range.end); };
    const Tensor values = in_range(values_), gradient = in_range(gradients);
    const Tensor first = in_range(first_moment_), second = in_range(second_moment_);
    const double rate = learning_rate * range.factor;
    if (config_.weight_decay > 0)
      values.addcmul_(values, in_range(decayed_), -rate * config_.weight_decay);
    first.lerp_(gradient, 1.0 - config_.beta1);
    second.mul_(config_.beta2).addcmul_(gradient, gradient, 1.0 - config_.beta2);
    const Tensor scale = second.sqrt().div_(std::sqrt(correction2)).add_(config_.epsilon);
    values.addcdiv_(first, scale, -rate / correction1);
  }
}

std::map<std::string, Tensor> AdamW::state(const FlatParameters& layout) const {
  std::map<std::string, Tensor> named;
  for (const auto& [name, view] : layout.split(first_moment_))
    named.emplace("first_moment." + name, view);
  for (const auto& [name, view] : layout.split(second_moment_))
    named.emplace("second_moment." + name, view);
  return named;
}

}  // namespace lipsound2::train
