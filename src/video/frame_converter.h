#pragma once

#include <utility>

#include "lipsound2/video/image.h"

#include "ffmpeg.h"

namespace lipsound2::video {

/// A part of a picture in whole pixels, all even because colors are stored for 2 x 2 pixels. It may
/// reach beyond the border but must share something with the picture.
struct Square {
  int x = 0, y = 0, side = 0;
};

/// Width and height of the frame as it is to be shown, which its display matrix may turn.
std::pair<int, int> upright_size(const AVFrame& frame);

/// Makes RGB and gray images from decoded frames of any pixel format, upright if their display
/// matrix turns them by quarters. Keeps the set-up of the last conversion, so it is not
/// thread-safe.
class FrameConverter {
 public:
  /// The whole frame, scaled to this height; channels 1 (gray) or 3 (RGB).
  Image scale(const AVFrame& frame, int height, int channels);

  /// The square of the upright frame, scaled to size x size RGB by averaging areas; what lies
  /// beyond the border repeats the edge.
  Image crop(const AVFrame& frame, const Square& square, int size);

 private:
  Image crop_stored(const AVFrame& frame, const Square& square, int size);
  FramePtr convert(const AVFrame& frame, std::pair<int, int> size, int channels);

  ScalerPtr scaler_;
};

}  // namespace lipsound2::video
