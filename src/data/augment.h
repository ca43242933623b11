#pragma once

#include <cstdint>

#include "lipsound2/core/random.h"
#include "lipsound2/core/tensor.h"
#include "lipsound2/data/face_change.h"
#include "lipsound2/data/loader.h"

namespace lipsound2::data {

/// For programmers: the cut must lie within pictures of `side` pixels.
void check_cut(const FaceChange& change, std::int64_t side, std::int64_t size);

/// The cut out of the center and nothing else.
FaceChange center_cut(const FaceInputConfig& faces);

/// Draws a change for a clip of so many pictures. Always takes the same number of values from
/// `rng`, so that switching one change off leaves the others as they were.
FaceChange draw_change(const AugmentConfig& config,
                       const FaceInputConfig& faces,
                       std::int64_t frames,
                       Rng& rng);

/// Where the cut pictures of a clip go: for each channel `plane` bytes, picture after picture.
struct FaceSlot {
  std::uint8_t* pixels = nullptr;
  std::int64_t plane = 0;
};

/// Cuts and changes pictures [C, T, side, side] uint8 into T squares of `size` pixels per channel.
/// Brightness and contrast are clipped to 0..255. On the CPU; safe to use from several threads.
void cut_faces_into(const FaceSlot& slot,
                    const Tensor& pictures,
                    const FaceChange& change,
                    std::int64_t size);

/// The same into [C, T, size, size].
Tensor cut_faces(const Tensor& pictures, const FaceChange& change, std::int64_t size);

}  // namespace lipsound2::data
