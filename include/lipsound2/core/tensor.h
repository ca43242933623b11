#pragma once

#include <ATen/core/Tensor.h>

namespace lipsound2 {

/// The cheap way to name a tensor in a header (3 s to parse; <torch/torch.h> takes 22 s).
using Tensor = at::Tensor;

}  // namespace lipsound2
