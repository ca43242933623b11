#pragma once

#include <optional>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

struct StoiScores {
  double stoi = 0;   ///< Taal et al. 2011
  double estoi = 0;  ///< Jensen and Taal 2016
};

/// Short-time objective intelligibility of `degraded` against `reference`. Both at the same rate;
/// sounds of another rate than 10 kHz are resampled. The longer one is cut to the shorter. Nothing
/// when fewer than 30 frames (about 0.4 s) of speech are left after the silent frames are removed:
/// such a clip cannot be scored. Errors: rates that differ or lie outside of 1 to 192 kHz (kData),
/// samples that are not finite (kNumeric).
std::optional<StoiScores> stoi(const audio::Waveform& reference, const audio::Waveform& degraded);

}  // namespace lipsound2::eval
