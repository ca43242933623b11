#pragma once

#include <cstdint>
#include <optional>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

struct DelayEstimate {
  double ms = 0;             ///< positive: the degraded sound is late
  std::int64_t samples = 0;  ///< the same in samples
  /// Coefficient of the envelopes at the delay of the first step, -1 to 1: about 1 for a mere
  /// shift; far below, the two sounds have little to do with each other and the delay means
  /// nothing.
  double correlation = 0;
};

/// The one delay between -500 and 500 ms under which the sounds fit best, in two steps.
/// 1. Envelopes: the root mean square of frames of 4 ms, smoothed by the weights 1/4, 1/2, 1/4. The
///    delay in whole frames with the greatest correlation coefficient over the frames that both
///    have, at least half of the shorter sound's.
/// 2. Samples: around it, within 8 ms, the delay with the greatest sum of products of the samples.
/// Of equal delays the shortest. Exact on a mere shift. When the fine structure of the degraded
/// sound differs (a vocoder that makes its own phase), the second step can be off by a few periods
/// of the voice, but never by more than 8 ms from the envelopes' delay.
///
/// Nothing when either sound is shorter than 100 ms or its envelope varies by less than 1 % of its
/// mean (silence, a steady tone): there is nothing to align by. Errors: rates that differ or lie
/// outside of 1 to 192 kHz (kData), samples that are not finite (kNumeric).
std::optional<DelayEstimate> estimate_delay(const audio::Waveform& reference,
                                            const audio::Waveform& degraded);

}  // namespace lipsound2::eval
