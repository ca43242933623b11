#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lipsound2::eval {

/// Resampling by a polyphase filter designed like that of Octave's `resample` (signal package): a
/// windowed sinc with a Kaiser window for 60 dB of stop band rejection. Published STOI scores rest
/// on it; everything else uses audio::resample(). Immutable: any thread may use it.
///
/// Time and memory of the design grow with the larger one of the two rates over their greatest
/// common divisor: 8 for 16 to 10 kHz, but half a second and 170 MB for 191999 Hz.
class PolyphaseResampler {
 public:
  /// Both rates are positive.
  PolyphaseResampler(int from, int to);

  /// ceil(samples * to / from) samples. Silence is assumed around the sound.
  std::vector<double> operator()(std::span<const double> samples) const;

 private:
  std::int64_t up_;     ///< the new rate over the greatest common divisor of both
  std::int64_t down_;   ///< the old one
  std::size_t before_;  ///< input samples that count from before the output sample; one more after
  std::size_t width_;   ///< both together
  /// [up, width]: row r weighs the input for an output sample r / up behind an input sample.
  std::vector<double> weights_;
};

}  // namespace lipsound2::eval
