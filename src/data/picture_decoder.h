#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/loader.h"

#include "tensor_pool.h"

namespace lipsound2::data {

/// Decodes the JPEG pictures of a clip and brings them to config.resize_to: [C, T, side, side]
/// uint8, C 3 with config.color, else 1. Pictures of at least twice that side are decoded at 1/2,
/// 1/4 or 1/8 of their size, which costs less. Throws kData, beginning with `name`, for what is no
/// JPEG picture. The result lies in memory of `pool`.
Tensor decode_pictures(const std::vector<std::string_view>& jpegs,
                       const FaceInputConfig& config,
                       const std::string& name,
                       const TensorPool& pool = TensorPool(/*most_unused=*/0));

/// Mean of each channel of [C, T, side, side] uint8.
std::array<double, 3> channel_means(const Tensor& pictures);

}  // namespace lipsound2::data
