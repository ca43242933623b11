#pragma once

#include <vector>

namespace lipsound2::audio {

/// Mono sound: samples in [-1, 1] (not enforced) at `rate` per second.
struct Waveform {
  std::vector<float> samples;
  int rate = 0;

  double seconds() const { return rate > 0 ? static_cast<double>(samples.size()) / rate : 0.0; }
};

}  // namespace lipsound2::audio
