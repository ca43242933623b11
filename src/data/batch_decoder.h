#pragma once

#include <memory>

#include <c10/core/Device.h>

#include "lipsound2/core/tensor.h"
#include "lipsound2/data/batch.h"

namespace lipsound2::data {

/// Decodes the JPEG pictures of a batch. Which file stands behind it is chosen when the program is
/// built: batch_decoder_nvjpeg.cpp where CMake finds nvJPEG, else batch_decoder_turbo.cpp. For one
/// thread.
class BatchDecoder {
 public:
  /// Whether pictures are decoded on such a device, and not brought there by one thread.
  static bool works_on(const c10::Device& device);

  explicit BatchDecoder(const c10::Device& device);
  ~BatchDecoder();

  /// The pictures of batch.left.jpegs at batch.left.input.resize_to: [B, C, T, side, side] uint8 on
  /// the device, zeros behind batch.face_lengths. The JPEG pictures must live until the device is
  /// done. Throws kData with clip and picture for what is no JPEG picture.
  Tensor operator()(const Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same by libjpeg-turbo, on the CPU.
Tensor decode_on_cpu(const Batch& batch);

}  // namespace lipsound2::data
