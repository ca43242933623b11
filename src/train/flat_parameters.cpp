#include "lipsound2/train/flat_parameters.h"

#include <unordered_set>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include "module_parts.h"

namespace lipsound2::train {
namespace {

constexpr std::int64_t kAlignedElements = 16;  // 64 bytes of float32

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  const std::int64_t size = add_trainable_parameters(module);
  TORCH_CHECK(!parts_.empty(), "the module has no trainable parameters");
  values_ = at::zeros({size}, parts_.front().parameter.options().requires_grad(false));
  gradients_ = at::zeros_like(values_);
  for (Part& part : parts_) {
    const Tensor view = part_of(values_, part);
    view.copy_(part.parameter);
    part.parameter.set_data(view);
    part.gradient = part_of(gradients_, part);
    part.parameter.mutable_grad() = part.gradient;
  }
}

std::int64_t FlatParameters::add_trainable_parameters(torch::nn::Module& module) {
  std::unordered_set<const void*> seen;  // a parameter shared by two layers counts once
  std::int64_t size = 0;
  for (const auto& item : module.named_parameters()) {
    const Tensor& parameter = item.value();
    if (!parameter.requires_grad() || !seen.insert(parameter.unsafeGetTensorImpl()).second)
      continue;
    if (!parts_.empty()) {
      TORCH_CHECK(parameter.options().type_equal(parts_.front().parameter.options()) &&
                      parameter.device() == parts_.front().parameter.device(),
                  item.key(),
                  " differs in type or device from ",
                  parts_.front().name);
    }
    parts_.push_back({item.key(), parameter, Tensor(), size});
    size += (parameter.numel() + kAlignedElements - 1) / kAlignedElements * kAlignedElements;
  }
  return size;
}

Tensor FlatParameters::part_of(const Tensor& flat, const Part& part) {
  return flat.narrow(0, part.offset, part.parameter.numel()).view(part.parameter.sizes());
}

const Tensor& FlatParameters::gradients() {
  const at::NoGradGuard no_grad;
  for (Part& part : parts_) {
    Tensor& current = part.parameter.mutable_grad();
    if (current.defined() && current.is_same(part.gradient))
      continue;
    if (current.defined())
      part.gradient.copy_(current);
    else
      part.gradient.zero_();
    current = part.gradient;
  }
  return gradients_;
}

void FlatParameters::zero_gradients() {
  for (Part& part : parts_)
    part.parameter.mutable_grad() = part.gradient;
  gradients_.zero_();
}

Tensor FlatParameters::decayed() const {
  const Tensor mask = at::zeros_like(values_);
  for (const Part& part : parts_) {
    if (part.parameter.dim() >= 2)
      part_of(mask, part).fill_(1);
  }
  return mask;
}

std::vector<RateRange> FlatParameters::layer_ranges(
    const std::map<std::string, double>& factors) const {
  std::vector<RateRange> ranges;
  for (const Part& part : parts_) {
    if (!ranges.empty())
      ranges.back().end = part.offset;
    ranges.push_back({.begin = part.offset, .factor = part_factor(part.name, factors)});
  }
  ranges.back().end = values_.numel();
  return ranges;
}

std::vector<RateRange> FlatParameters::rate_ranges(
    const std::map<std::string, double>& factors) const {
  std::vector<RateRange> ranges;
  for (const RateRange& layer : layer_ranges(factors)) {
    if (!ranges.empty() && ranges.back().factor == layer.factor)
      ranges.back().end = layer.end;
    else
      ranges.push_back(layer);
  }
  return ranges;
}

std::map<std::string, Tensor> FlatParameters::split(const Tensor& flat) const {
  TORCH_CHECK(flat.sizes() == values_.sizes(), "expected a tensor of this layout");
  std::map<std::string, Tensor> views;
  for (const Part& part : parts_)
    views.emplace(part.name, part_of(flat, part));
  return views;
}

std::map<std::string, Tensor> FlatParameters::split_layers(const Tensor& numbers) const {
  TORCH_CHECK(numbers.numel() == static_cast<std::int64_t>(parts_.size()),
              "expected one number per parameter");
  std::map<std::string, Tensor> views;
  for (std::size_t i = 0; i < parts_.size(); ++i)
    views.emplace(parts_[i].name, numbers[static_cast<std::int64_t>(i)]);
  return views;
}

}  // namespace lipsound2::train
