#include "adamw.h"

#include <cmath>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

namespace lipsound2::train {

AdamW::AdamW(Tensor values, Tensor decayed, AdamWConfig config)
    : values_(std::move(values)),
      decayed_(std::move(decayed)),
      config_(config),
      first_moment_(at::zeros_like(values_)),
      second_moment_(at::zeros_like(values_)) {}

void AdamW::update(const Tensor& gradients, double learning_rate, std::int64_t step) {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<double>(step);
  const double correction1 = 1.0 - std::pow(config_.beta1, count);
  const double correction2 = 1.0 - std::pow(config_.beta2, count);

  if (config_.weight_decay > 0)
    values_.addcmul_(values_, decayed_, -learning_rate * config_.weight_decay);
  first_moment_.lerp_(gradients, 1.0 - config_.beta1);
  second_moment_.mul_(config_.beta2).addcmul_(gradients, gradients, 1.0 - config_.beta2);
  const Tensor scale = second_moment_.sqrt().div_(std::sqrt(correction2)).add_(config_.epsilon);
  values_.addcdiv_(first_moment_, scale, -learning_rate / correction1);
}

}  // namespace lipsound2::train
