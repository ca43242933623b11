#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lipsound2/eval/pesq.h"

/// The parts of P.862. Sounds are in 16-bit units (full scale is 32768), positions in samples from
/// the start of a sound's guard unless a name says frames.
namespace lipsound2::eval::p862 {

using Index = std::int64_t;
using Samples = std::vector<double>;

/// Zeros before and after each sound, in activity frames: the aligner may look there.
constexpr Index kGuardFrames = 75;

/// Lengths in samples that follow from the sample rate.
struct Layout {
  explicit Layout(int rate_hz)
      : rate(rate_hz),
        step(rate / 250),
        guard(kGuardFrames * step),
        tail(rate / 1000 * 320),
        align_window(16 * step),
        frame(8 * step),
        hop(4 * step) {}

  int rate;            ///< Hz, 8000 or 16000
  Index step;          ///< one activity frame, 4 ms
  Index guard;         ///< zeros before and after a sound
  Index tail;          ///< zeros after the guard, 320 ms
  Index align_window;  ///< frames of the fine time alignment, 64 ms
  Index frame;         ///< frames of the perceptual transform, 32 ms
  Index hop;           ///< between them, 16 ms
};

/// One sound between its zeros. Both sounds of a pair have as many samples: guard, the longer
/// sound, guard, tail.
struct GuardedSound {
  Samples samples;
  Index length = 0;  ///< guard, this sound, guard
};

struct GuardedPair {
  GuardedSound reference;
  GuardedSound degraded;

  /// The longer of the two lengths.
  Index length() const { return std::max(reference.length, degraded.length); }
};

/// Two sounds of full scale 1 between their zeros, each at the level that the model works at: a
/// mean square of 1e7 between 350 and 3250 Hz (P.862, clause 10.1.1).
GuardedPair at_model_level(const Samples& reference, const Samples& degraded, const Layout& layout);

/// As heard through a telephone handset (P.862, clause 10.1.2) or headphones (P.862.2).
GuardedPair listened(const GuardedPair& pair, PesqBand band, const Layout& layout);

/// The band of speech that time alignment relies on, without the mean.
Samples alignment_band(const GuardedSound& sound, const Layout& layout);

}  // namespace lipsound2::eval::p862
