#pragma once

#include <cstdint>
#include <string>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::vocoder {

/// What makes sound of mels. Implementations give the same sound for the same mel and may be used
/// from several threads.
class Vocoder {
 public:
  virtual ~Vocoder() = default;

  /// Log mel [M, bands] -> M * hop samples. `first_frame` says where the mel begins in its sound,
  /// for vocoders whose noise depends on the place: windows of a long mel then fit together.
  virtual audio::Waveform vocode(const Tensor& mel, std::int64_t first_frame) const = 0;
  /// For reports, such as "Griffin-Lim, 32 iterations".
  virtual std::string description() const = 0;
};

/// Throws kData, calling the mel `name`, unless it is [M, bands] with M > 0 and all of it finite.
void check_mel(const Tensor& mel, std::int64_t bands, const std::string& name);

}  // namespace lipsound2::vocoder
