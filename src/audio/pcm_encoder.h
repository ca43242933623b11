#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "virtual_file.h"

namespace lipsound2::audio {

/// What libsndfile must know of mono sound in 16-bit samples; `container` is one of its constants.
SF_INFO pcm16_info(int container, int rate);

/// Writes mono sound to an open file of pcm16_info(), clipped to [-1, 1].
class PcmEncoder {
 public:
  /// `name` is what errors call the file: kIo when it could not be opened (`file` is null) or
  /// written, kNumeric for a sample that is not finite.
  PcmEncoder(SoundHandle file, int rate, std::string name);

  void write(std::span<const float> samples);
  /// Writes the last block and the final header. Nothing may follow.
  void close();
  double seconds() const;

 private:
  SoundHandle file_;
  int rate_;
  std::string name_;
  std::int64_t written_ = 0;
};

}  // namespace lipsound2::audio
