#pragma once

#include <string>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/batch.h"

namespace lipsound2::data {

/// One clip as it goes into a batch.
struct Example {
  std::string id;
  std::string text;
  Tensor faces;                ///< [C, T, H, W] uint8
  Tensor mel;                  ///< [M, bands] float32
  std::vector<float> samples;  ///< may be empty
};

/// Pads with zeros to the longest. There must be at least one example, all of the same C, H, W and
/// bands.
Batch collate(std::vector<Example> examples);

}  // namespace lipsound2::data
