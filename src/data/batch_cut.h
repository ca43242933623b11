#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/face_change.h"

namespace lipsound2::data {

/// What cut_faces() does, to a whole batch [B, C, T, side, side] uint8 on any device at once, and
/// equal to it to the bit. Behind the lengths ([B] int64, on the CPU) it may hold anything:
/// [B, C, T, size, size], padded with zeros.
Tensor cut_batch(const Tensor& pictures,
                 const Tensor& lengths,
                 const std::vector<FaceChange>& changes,
                 std::int64_t size);

/// The changes with the means of these pictures, which are zero behind the lengths. Waits for the
/// device.
std::vector<FaceChange> with_means(std::vector<FaceChange> changes,
                                   const Tensor& pictures,
                                   const Tensor& lengths);

}  // namespace lipsound2::data
