#pragma once

#include <cstdint>

#include "lipsound2/core/random.h"
#include "lipsound2/core/tensor.h"
#include "lipsound2/data/loader.h"

#include "clip_decoder.h"

namespace lipsound2::data {

/// What happens to all pictures of a clip.
struct FaceChange {
  std::int64_t left = 0;
  std::int64_t top = 0;
  bool mirrored = false;
  double shift = 0;     ///< added to every pixel, as a share of 255
  double contrast = 1;  ///< factor on the distance from the mean of the clip
  std::int64_t blank_first = 0;
  std::int64_t blank_count = 0;
};

/// The cut out of the center and nothing else.
FaceChange center_cut(const FaceInputConfig& faces);

/// Draws a change for a clip of so many pictures. Always takes the same number of values from
/// `rng`, so that switching one change off leaves the others as they were.
FaceChange draw_change(const AugmentConfig& config,
                       const FaceInputConfig& faces,
                       std::int64_t frames,
                       Rng& rng);

/// [C, T, size, size] uint8. Brightness and contrast are clipped to 0..255; blanked pictures hold
/// the mean of the (changed) clip, per channel.
Tensor cut_faces(const FacePictures& faces, const FaceChange& change, std::int64_t size);

}  // namespace lipsound2::data
