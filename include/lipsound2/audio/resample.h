#pragma once

#include "lipsound2/audio/waveform.h"

namespace lipsound2::audio {

/// Band-limited resampling by soxr at its high quality. The result has round(samples * rate /
/// sound.rate) samples. Rates outside of kLowestRate to kHighestRate are an error of kind kData.
Waveform resample(const Waveform& sound, int rate);

}  // namespace lipsound2::audio
