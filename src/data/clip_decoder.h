#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/audio/mel.h"
#include "lipsound2/core/tensor.h"
#include "lipsound2/data/loader.h"
#include "lipsound2/data/manifest.h"

#include "loader_clock.h"
#include "shard_stream.h"
#include "tensor_pool.h"

namespace lipsound2::data {

/// All of a clip that does not change from epoch to epoch.
struct DecodedClip {
  Tensor pictures;                      ///< [C, T, side, side] uint8
  std::array<double, 3> mean;           ///< of each channel of them
  Tensor mel;                           ///< [M, bands]
  std::vector<float> samples;           ///< only when asked for
  std::vector<std::string> jpegs = {};  ///< instead of pictures and mean, if they stay as they are
};

/// Reads a clip, brings its pictures, unless they stay JPEG, to faces.resize_to and its sound to
/// mel frames. Safe to use from several threads.
class ClipDecoder {
 public:
  /// Pictures lie in memory of the pool.
  ClipDecoder(const ShardSource& source,
              const LoaderConfig& config,
              const TensorPool& pool,
              LoaderClock& clock);

  /// Throws kIo and kData, naming shard and clip, for what read_clip() throws for, and when
  /// pictures or sound are not what the manifest says.
  DecodedClip operator()(const ManifestEntry& entry) const;
  /// The same for a clip whose bytes were read already.
  DecodedClip operator()(const ManifestEntry& entry, std::string_view bytes) const;

  /// What a clip of so many pictures and samples will take in memory, about as much also when its
  /// pictures stay JPEG.
  std::int64_t bytes(std::int64_t frames, std::int64_t samples) const;

 private:
  ShardSource source_;
  FaceInputConfig faces_;
  audio::MelConfig mel_config_;
  audio::MelSpectrogram mel_;
  bool with_samples_;
  bool keeps_jpegs_;
  TensorPool pool_;
  LoaderClock& clock_;
};

}  // namespace lipsound2::data
