#pragma once

#include <string>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/face_change.h"

namespace lipsound2::data {

/// B clips, padded to the longest with zeros; the lengths say what is real. Sources that make no
/// pictures leave what is about them undefined.
struct Batch {
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  /// [B, C, T, H, W] uint8: C 1 (gray) or 3 (RGB), already cut and augmented unless `changes` are
  /// still to be made.
  Tensor faces;
  Tensor face_lengths;                      ///< [B] int64, on the CPU, pictures per clip
  Tensor mel;                               ///< [B, M, bands] float32 natural log
  Tensor mel_lengths;                       ///< [B] int64, on the CPU
  std::vector<std::vector<float>> samples;  ///< the sound of each clip; only when asked for
  /// What DevicePrefetcher still has to do to the pictures of each clip; empty when nothing.
  std::vector<FaceChange> changes;
  std::int64_t cut_size = 0;  ///< side of what is to be cut out of them then
};

}  // namespace lipsound2::data
