#pragma once

#include <cstddef>
#include <optional>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/eval/pitch.h"

namespace lipsound2::eval {

struct PitchErrors {
  std::size_t frames = 0;
  std::size_t frames_voiced_in_both = 0;
  /// Share of all frames that are voiced in one sound only, 0 to 1.
  double voicing_decision_error = 0;
  /// Over the frames voiced in both; nothing when there are none.
  std::optional<double> rmse_hz;
  std::optional<double> rmse_cents;  ///< of 1200 log2(degraded / reference)
  /// Share of the frames voiced in both whose pitch is off by more than 20 % of the reference's.
  std::optional<double> gross_pitch_error;
};

/// Frame by frame; the longer track is cut (gross and voicing errors: Nakatani et al. 2008).
/// Nothing when the reference has no voiced frame in that part. Compare gross_pitch_error before
/// RMSE: one octave error weighs as much as many small ones.
std::optional<PitchErrors> pitch_errors(const PitchTrack& reference, const PitchTrack& degraded);

/// Of the tracks of track_pitch(). Errors: rates that differ or lie outside of 1 to 192 kHz
/// (kData), samples that are not finite (kNumeric).
std::optional<PitchErrors> pitch_errors(const audio::Waveform& reference,
                                        const audio::Waveform& degraded);

}  // namespace lipsound2::eval
