#pragma once

#include <cstdint>

#include "lipsound2/core/tensor.h"

namespace lipsound2::data {

/// Brings pictures [N, C, height, width] uint8 on any device to [N, C, side, side], to the bit as
/// Resizer does.
Tensor resize_batch(const Tensor& pictures, std::int64_t side);

}  // namespace lipsound2::data
