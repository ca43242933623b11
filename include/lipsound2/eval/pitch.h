#pragma once

#include <optional>
#include <vector>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

/// Fundamental frequency over time.
struct PitchTrack {
  /// One value in Hz per frame, nothing where the frame is unvoiced. The middle of frame k is
  /// 0.01 k + 0.0225 s after the first sample.
  std::vector<std::optional<double>> hz;
};

/// YIN (de Cheveigné and Kawahara 2002), from 50 to 500 Hz. Frames of 45 ms, 10 ms apart, all
/// inside the sound: none when it is shorter. In each frame, from its middle outward, the
/// difference function
///     d(t) = sum over 25 ms of (x_j - x_{j+t})^2,  j from (1/50 s - t) / 2 on,
/// is divided by its mean over lags 1 to t. The first lag of at least 1/500 s at which that falls
/// below 0.15 and does not fall further at the next lag is the period; a parabola through it and
/// its neighbors refines it. A frame without such a lag up to 1/50 s is unvoiced, and so is one
/// whose mean square lies 50 dB or more below that of the loudest frame.
///
/// Tones above 500 Hz are heard at a fraction of their frequency. Errors: a rate outside of 1
/// to 192 kHz (kData), samples that are not finite (kNumeric).
PitchTrack track_pitch(const audio::Waveform& sound);

}  // namespace lipsound2::eval
