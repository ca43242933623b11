#include "lipsound2/nn/length_mask.h"

#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/lt.h>

namespace lipsound2::nn {

Tensor length_mask(const Tensor& lengths, std::int64_t steps, const c10::Device& device) {
  TORCH_CHECK(lengths.dim() == 1 && lengths.scalar_type() == at::kLong, "lengths are [B] int64");
  const Tensor frame = at::arange(steps, at::TensorOptions(at::kLong).device(device));
  return frame.unsqueeze(0).lt(lengths.to(device).unsqueeze(1));
}

bool has_padding(const Tensor& lengths, std::int64_t steps) {
  TORCH_CHECK(lengths.is_cpu() && lengths.is_contiguous() && lengths.scalar_type() == at::kLong,
              "lengths are contiguous int64 on the CPU");
  const auto* first = lengths.const_data_ptr<std::int64_t>();
  return std::any_of(first, first + lengths.numel(), [&](std::int64_t n) { return n < steps; });
}

Tensor zero_padding(const Tensor& x, const Tensor& lengths) {
  if (!has_padding(lengths, x.size(2)))
    return x;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  shape[2] = x.size(2);
  return x * length_mask(lengths, x.size(2), x.device()).view(shape).to(x.scalar_type());
}

}  // namespace lipsound2::nn
