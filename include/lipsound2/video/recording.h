#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

namespace lipsound2::video {

/// What the header of a container says.
struct Recording {
  double start = 0;    ///< container time of the first picture, in seconds
  double seconds = 0;  ///< of pictures; 0: the header does not say
};

/// Opens the file and decodes nothing. Throws kData when it is no video, kIo when it is not there.
Recording open_recording(const std::filesystem::path& file);

/// How loud the sound of a recording is over time.
struct SoundLevels {
  static constexpr double kStep = 0.01;  ///< seconds

  double start = 0;        ///< container time of the first level, in seconds
  std::vector<float> rms;  ///< root mean square of each step, full scale 1; 0 in gaps

  double end() const { return start + kStep * static_cast<double>(rms.size()); }
};

/// Decodes the sound of the whole file and none of its pictures, in the memory of the levels alone;
/// no levels if there is no sound. Calls `heard` now and then with the seconds heard so far. Throws
/// kData when the file is no video or its sound is damaged, kIo when it is not there.
SoundLevels measure_sound_levels(const std::filesystem::path& file,
                                 const std::function<void(double seconds)>& heard);

}  // namespace lipsound2::video
