#pragma once

#include <string_view>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/loader.h"

namespace lipsound2::data {

/// One JPEG picture of a face as the network sees it outside of training: resized, cut out of the
/// center. [C, size, size] uint8. The same pixels as the loader's. `name` is what errors (kData)
/// call the picture.
Tensor centered_face(std::string_view jpeg, const FaceInputConfig& config, const std::string& name);

}  // namespace lipsound2::data
