#include "lipsound2/data/face_input.h"

#include "augment.h"
#include "picture_decoder.h"

namespace lipsound2::data {

Tensor centered_face(std::string_view jpeg,
                     const FaceInputConfig& config,
                     const std::string& name) {
  return cut_faces(decode_pictures({jpeg}, config, name), center_cut(config), config.size)
      .select(1, 0);
}

}  // namespace lipsound2::data
