#pragma once

#include <cstddef>

#include "lipsound2/data/jpeg.h"

#include "resizer.h"

namespace lipsound2::data {

/// A gray picture, brought to a size by Resizer.
inline Picture resized(const Picture& picture, PictureSize size) {
  Picture result{size.width, size.height, 1, {}};
  result.pixels.resize(static_cast<std::size_t>(size.width) * size.height);
  Resizer({picture.width, picture.height}, size)(picture.pixels.data(), result.pixels.data());
  return result;
}

}  // namespace lipsound2::data
