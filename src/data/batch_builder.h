#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lipsound2/data/batch.h"
#include "lipsound2/data/loader.h"

#include "clip_decoder.h"
#include "tensor_pool.h"

namespace lipsound2::data {

/// How much room a clip needs in a batch.
struct ClipShape {
  std::int64_t frames = 0;
  std::int64_t mel_frames = 0;
};

/// One clip as it goes into a batch.
struct Example {
  std::string id;
  std::string text;
  std::shared_ptr<const DecodedClip> clip;
  FaceChange change;
};

/// A batch whose clips are put into their places by several threads, each place once. Room behind a
/// clip that is shorter than the longest is filled with zeros.
class BatchBuilder {
 public:
  BatchBuilder(const std::vector<ClipShape>& shapes,
               const LoaderConfig& config,
               const TensorPool& pool);

  void put(std::size_t place, Example example);
  /// When every place is filled.
  Batch finish() { return std::move(batch_); }

 private:
  void put_faces(std::int64_t place, const Tensor& pictures, const FaceChange& change);
  void put_mel(std::int64_t place, const Tensor& mel);

  const FaceInputConfig faces_;
  const PictureState state_;
  Batch batch_;
};

}  // namespace lipsound2::data
