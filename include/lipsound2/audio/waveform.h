#pragma once

#include <vector>

namespace lipsound2::audio {

/// The sample rates, in Hz, of sounds that are read and resampled. A header that names another one
/// is taken for damaged: it would turn a few bytes into days of sound.
inline constexpr int kLowestRate = 1000;
inline constexpr int kHighestRate = 768000;

/// Mono sound: samples in [-1, 1] (not enforced) at `rate` per second.
struct Waveform {
  std::vector<float> samples;
  int rate = 0;

  double seconds() const { return rate > 0 ? static_cast<double>(samples.size()) / rate : 0.0; }
};

}  // namespace lipsound2::audio
