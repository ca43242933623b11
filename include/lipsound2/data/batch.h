#pragma once

#include <string>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/face_change.h"
#include "lipsound2/data/face_input_config.h"

namespace lipsound2::data {

/// What DevicePrefetcher still has to do to the pictures of a batch.
struct FaceWork {
  std::vector<std::vector<std::string>> jpegs;  ///< of each clip; empty when they are decoded
  std::vector<FaceChange> changes;  ///< of each clip; empty when there is nothing to do. Of JPEG
                                    ///< pictures the mean is not known yet.
  FaceInputConfig input;
};

/// B clips, padded to the longest with zeros; the lengths say what is real. Sources that make no
/// pictures leave what is about them undefined.
struct Batch {
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  /// [B, C, T, H, W] uint8: C 1 (gray) or 3 (RGB), already cut and augmented unless that is left to
  /// do; undefined while they are JPEG.
  Tensor faces;
  Tensor face_lengths;                      ///< [B] int64, on the CPU, pictures per clip
  Tensor mel;                               ///< [B, M, bands] float32 natural log
  Tensor mel_lengths;                       ///< [B] int64, on the CPU
  std::vector<std::vector<float>> samples;  ///< the sound of each clip; only when asked for
  FaceWork left;
};

}  // namespace lipsound2::data
