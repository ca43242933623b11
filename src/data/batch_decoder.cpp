#include "batch_decoder.h"

#include <ATen/ops/zeros.h>

#include "lipsound2/core/error.h"

#include "picture_decoder.h"

namespace lipsound2::data {

Tensor decode_on_cpu(const Batch& batch) {
  const FaceInputConfig& input = batch.left.input;
  const Tensor faces = at::zeros({batch.face_lengths.numel(),
                                  input.channels(),
                                  batch.face_lengths.max().item<std::int64_t>(),
                                  input.resize_to,
                                  input.resize_to},
                                 at::kByte);
  for (std::size_t i = 0; i < batch.left.jpegs.size(); ++i) {
    const std::vector<std::string>& jpegs = batch.left.jpegs[i];
    const Tensor clip = decode_pictures(
        {jpegs.begin(), jpegs.end()}, input, fmt::format("clip '{}'", batch.ids[i]));
    faces.select(0, static_cast<std::int64_t>(i)).narrow(1, 0, clip.size(1)).copy_(clip);
  }
  return faces;
}

}  // namespace lipsound2::data
