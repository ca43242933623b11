#pragma once

#include <vector>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

/// Resampling by a polyphase filter designed like that of Octave's `resample` (signal package): a
/// windowed sinc with a Kaiser window for 60 dB of stop band rejection. Published STOI scores rest
/// on it; everything else uses audio::resample(). Silence is assumed around the sound. The result
/// has ceil(samples * rate / sound.rate) samples, in double precision.
std::vector<double> resample_polyphase(const audio::Waveform& sound, int rate);

}  // namespace lipsound2::eval
