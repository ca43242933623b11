#pragma once

#include <optional>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

/// Log-spectral distance in dB (Gray and Markel 1976), 0 for equal sounds, not bounded above: the
/// mean over frames of sqrt(mean over bins of (10 log10 P - 10 log10 Q)^2).
///
/// P and Q are the powers of the two sounds in frames of 32 ms, 8 ms apart, under a periodic Hann
/// window, zero-padded to the next power of two, bins 0 to half that number. Powers more than 80 dB
/// below the largest power of the reference are raised to that level in both sounds, so that
/// silence does not decide. Loudness counts: gain g adds |20 log10 g| wherever nothing is raised.
///
/// The longer sound is cut to the shorter. Nothing when they are shorter than a frame or when the
/// reference is silent (all zero). Errors: rates that differ or lie outside of 1 to 192 kHz
/// (kData), samples that are not finite (kNumeric).
std::optional<double> log_spectral_distance(const audio::Waveform& reference,
                                            const audio::Waveform& degraded);

}  // namespace lipsound2::eval
