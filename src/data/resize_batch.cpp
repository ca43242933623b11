#include "resize_batch.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "resizer.h"

namespace lipsound2::data {
namespace {

constexpr std::int64_t kPicturesAtOnce = 256;  // keeps the sums, 8 bytes a pixel, small

/// The weights of Resizer's taps: [to, from], whole numbers that add up to 2^14 in every row.
Tensor weight_matrix(std::int64_t from, std::int64_t to) {
  const Resizer::Taps taps(static_cast<int>(from), static_cast<int>(to));
  const Tensor matrix = at::zeros({to, from}, at::kDouble);
  auto* const values = matrix.mutable_data_ptr<double>();
  for (std::int64_t o = 0; o < to; ++o)
    for (int k = 0; k < taps.count; ++k)
      values[o * from + taps.first[static_cast<std::size_t>(o)] + k] =
          taps.weights[static_cast<std::size_t>(o * taps.count + k)];
  return matrix;
}

}  // namespace

Tensor resize_batch(const Tensor& pictures, std::int64_t side) {
  if (pictures.size(2) == side && pictures.size(3) == side)
    return pictures;
  const Tensor rows = weight_matrix(pictures.size(2), side).to(pictures.device());
  const Tensor columns = weight_matrix(pictures.size(3), side).t().to(pictures.device());
  std::vector<Tensor> resized;
  for (const Tensor& some : pictures.split(kPicturesAtOnce)) {
    // Whole numbers below 2^31 throughout: exact in double, in whatever order they are added.
    const Tensor blended = ((at::matmul(rows, some.to(at::kDouble)) + 32) / 64).floor_();
    const Tensor sums = at::matmul(blended, columns) + (1 << 21);
    resized.push_back((sums / (1 << 22)).floor_().to(at::kByte));
  }
  return at::cat(resized);
}

}  // namespace lipsound2::data
