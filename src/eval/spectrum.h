#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace lipsound2::eval {

/// Powers of the Fourier bins 0 to fft / 2 of each frame.
using PowerFrames = std::vector<std::vector<double>>;

/// In samples. Frames begin every `hop` samples from the first sample on; the last one ends at or
/// before the last sample.
struct SpectrumFraming {
  std::size_t window = 0;
  std::size_t hop = 0;

  /// The smallest power of two that holds the window: the length of the Fourier transform.
  std::size_t fft() const;
};

/// The Hann window without its last zero.
std::vector<double> periodic_hann(std::size_t size);

/// Window and hop in seconds, rounded to samples.
SpectrumFraming spectrum_framing(double window_seconds, double hop_seconds, int rate);

/// Fourier transform of a number of points that is a power of two (Cooley and Tukey 1965).
class PowerOfTwoFourier {
 public:
  explicit PowerOfTwoFourier(std::size_t points);

  /// sum over n of x_n exp(-2 pi i k n / points). `x` has `points` elements.
  std::vector<std::complex<double>> transform(const std::vector<std::complex<double>>& x) const;

 private:
  std::vector<std::complex<double>> turns_;
};

/// Squared magnitudes under a periodic Hann window, zeros after the window up to the length of the
/// transform. Nothing is padded at the ends of the sound: no frame when it is shorter than a
/// window.
PowerFrames power_frames(const std::vector<double>& samples, const SpectrumFraming& framing);

}  // namespace lipsound2::eval
