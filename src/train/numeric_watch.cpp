#include "numeric_watch.h"

#include <cmath>

#include <ATen/ops/stack.h>
#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

namespace lipsound2::train {
namespace {

[[noreturn]] void fail_not_finite(const StepRecord& record) {
  std::string found = fmt::format("loss {}", record.losses.total.item<double>());
  for (const auto& [name, value] : record.losses.terms)
    found += fmt::format(", loss.{} {}", name, value.item<double>());
  fail(ErrorKind::kNumeric,
       "step {}: expected a finite loss and gradient, found {}, gradient norm {}; batch: {}",
       record.step,
       found,
       record.grad_norm.item<double>(),
       fmt::join(record.ids, ", "));
}

}  // namespace

void NumericWatch::check() {
  if (records_.empty())
    return;
  std::vector<Tensor> scalars;
  for (const StepRecord& record : records_) {
    scalars.push_back(record.losses.total.to(at::kFloat).reshape({}));
    scalars.push_back(record.grad_norm.to(at::kFloat).reshape({}));
  }
  const Tensor values = at::stack(scalars).cpu();
  const float* const value = values.const_data_ptr<float>();
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    if (!std::isfinite(value[i]))
      fail_not_finite(records_[i / 2]);
  }
  records_.clear();
}

}  // namespace lipsound2::train
