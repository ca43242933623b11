#pragma once

#include <optional>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

struct PesqScore {
  double raw = 0;      ///< P.862, about -0.5 (bad) to 4.5 (no difference)
  double mos_lqo = 0;  ///< on the scale of listeners' opinions: P.862.1 narrow, P.862.2 wide
};

enum class PesqBand {
  kNarrow,  ///< P.862 with the mapping of P.862.1: a telephone handset, 8 or 16 kHz
  kWide     ///< P.862.2: headphones, 50 to 7000 Hz, 16 kHz
};

/// Perceptual evaluation of speech quality of `degraded` against `reference` (ITU-T P.862, 2001;
/// Rix, Beerends, Hollier and Hekstra 2001). Level and delay differences, also such that change in
/// the pauses or within speech, are found and do not count; the lengths may differ. Nothing when
/// either sound is shorter than a quarter of a second or no speech is found in the reference: such
/// a clip cannot be scored. Different or unsupported rates are an error (kData), as are samples
/// that are not finite (kNumeric). Any thread may call it. Not certified by the ITU.
std::optional<PesqScore> pesq(const audio::Waveform& reference,
                              const audio::Waveform& degraded,
                              PesqBand band);

}  // namespace lipsound2::eval
