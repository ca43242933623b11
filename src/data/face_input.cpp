#include "lipsound2/data/face_input.h"

#include "lipsound2/data/jpeg.h"

#include "augment.h"
#include "clip_decoder.h"

namespace lipsound2::data {

Tensor centered_face(std::string_view jpeg,
                     const FaceInputConfig& config,
                     const std::string& name) {
  const int channels = config.color ? 3 : 1;
  const auto side = static_cast<int>(config.resize_to);
  Picture picture = resize(decode_jpeg(jpeg, channels, name), side, side);
  const FacePictures faces{/*frames=*/1, config.resize_to, channels, std::move(picture.pixels)};
  return cut_faces(faces, center_cut(config), config.size).select(1, 0);
}

}  // namespace lipsound2::data
