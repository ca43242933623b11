#include "adamw.h"

#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include "lipsound2/train/flat_parameters.h"

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
  const Tensor count = at::full({}, static_cast<double>(step), at::kFloat);

  for (const RateRange& range : ranges_) {
    const auto in_range = [&](const Tensor& all) { return all.slice(0, range.begin, range.end); };
    const Tensor values = in_range(values_), gradient = in_range(gradients);
    const Tensor first = in_range(first_moment_), second = in_range(second_moment_);
    const double rate = learning_rate * range.factor;
    if (config_.weight_decay > 0)
      values.addcmul_(values, in_range(decayed_), -rate * config_.weight_decay);
    // All of it in one pass over memory; what decays has decayed above.
    at::_fused_adamw_({values},
                      {gradient},
                      {first},
                      {second},
                      {},
                      {count.to(values.device())},
                      rate,
                      config_.beta1,
                      config_.beta2,
                      /*weight_decay=*/0,
                      config_.epsilon,
                      /*amsgrad=*/false,
                      /*maximize=*/false);
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
