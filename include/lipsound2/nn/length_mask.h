#pragma once

#include <cstdint>

#include <c10/core/Device.h>

#include "lipsound2/core/tensor.h"

namespace lipsound2::nn {

/// True where a frame is real: lengths [B] int64 on the CPU -> [B, steps] bool on `device`.
Tensor length_mask(const Tensor& lengths, std::int64_t steps, const c10::Device& device);

/// Whether some of `lengths` [B] is shorter than `steps`, so that there are padded frames at all.
bool has_padding(const Tensor& lengths, std::int64_t steps);

/// Sets the padded frames of x [B, C, T, ...] to zero; x itself where nothing is padded.
Tensor zero_padding(const Tensor& x, const Tensor& lengths);

}  // namespace lipsound2::nn
