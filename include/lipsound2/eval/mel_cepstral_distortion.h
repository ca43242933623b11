#pragma once

#include <optional>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::eval {

/// Mel-cepstral distortion in dB (Kubichek 1993), 0 for equal sounds, not bounded above: the mean
/// over frames of 10 / ln 10 * sqrt(2 * sum over m = 1..13 of (c_m - c'_m)^2).
///
/// Frames of 25 ms, 10 ms apart, under a periodic Hann window, zero-padded to the next power of
/// two. E_b, b = 0..39, are the sums of the powers under triangles whose edges lie evenly on the
/// mel scale 2595 log10(1 + Hz / 700) from 0 Hz to 8 kHz or half the rate, whichever is less; each
/// triangle has peak 1. Band energies more than 60 dB below the largest one of the same sound are
/// raised to that level. The cepstrum is scaled so that the logarithm of the smoothed magnitude
/// spectrum is c_0 + sum of c_m cos(m w) along the mel scale:
///     c_m = 1/40 * sum over b of ln E_b * cos(pi m (b + 1/2) / 40).
/// The distortion is then the root mean square difference in dB of the two smoothed spectra over
/// the mel scale. c_0 is left out: loudness does not count. Frames count in which the reference's
/// summed band energy lies less than 40 dB below that of its loudest frame.
///
/// Scores depend on these choices: compare only numbers of the same program.
///
/// Frame i of the reference is compared with frame i of `degraded`; the longer one is cut. Nothing
/// when either sound is shorter than a frame or silent (all zero) in the part that is compared.
/// Errors: rates that differ or lie outside of 1 to 192 kHz (kData), samples that are not finite
/// (kNumeric).
std::optional<double> mel_cepstral_distortion(const audio::Waveform& reference,
                                              const audio::Waveform& degraded);

/// As above along the path of dynamic time warping with the least summed distortion, the mean over
/// the steps of the path whose reference frame counts. The path joins the first frames and the last
/// frames of the whole sounds; a step advances one of them or both, all at the same weight. Of
/// equal paths the one that advances both, then the one that advances the reference, counted from
/// the end. Silent frames take part in the alignment. Time and memory grow with the product of the
/// two lengths: more than 2^28 pairs of frames, two sounds of 164 s, are an error of kind kData.
std::optional<double> mel_cepstral_distortion_dtw(const audio::Waveform& reference,
                                                  const audio::Waveform& degraded);

}  // namespace lipsound2::eval
