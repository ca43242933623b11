#pragma once

#include "pesq_sound.h"

namespace lipsound2::eval::p862 {

/// Which activity frames (4 ms) of a sound hold speech (P.862, clause 10.2; Rix et al. 2002).
struct Activity {
  /// Mean square of each frame with speech, zero for the others.
  std::vector<double> power;
  /// Natural logarithm of the power over the noise threshold, zero where it is below.
  std::vector<double> envelope;
};

/// Of a sound in its alignment band; its first `length` samples count.
Activity find_activity(const Samples& band, Index length, const Layout& layout);

}  // namespace lipsound2::eval::p862
