#include "spectrum.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace lipsound2::eval {
namespace {

/// `i` with its lowest `bits` bits in reverse order.
std::size_t reversed_bits(std::size_t i, int bits) {
  std::size_t result = 0;
  for (int bit = 0; bit < bits; ++bit)
    result |= ((i >> bit) & 1U) << (bits - 1 - bit);
  return result;
}

}  // namespace

std::vector<double> periodic_hann(std::size_t size) {
  std::vector<double> window(size);
  for (std::size_t i = 0; i < size; ++i)
    window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                     static_cast<double>(size));
  return window;
}

std::size_t SpectrumFraming::fft() const {
  return std::bit_ceil(window);
}

SpectrumFraming spectrum_framing(double window_seconds, double hop_seconds, int rate) {
  const auto samples = [rate](double seconds) {
    return static_cast<std::size_t>(std::lround(seconds * rate));
  };
  return {samples(window_seconds), samples(hop_seconds)};
}

PowerOfTwoFourier::PowerOfTwoFourier(std::size_t points) : turns_(points) {
  for (std::size_t i = 0; i < points; ++i)
    turns_[i] = std::polar(
        1.0, -2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(points));
}

std::vector<std::complex<double>> PowerOfTwoFourier::transform(
    const std::vector<std::complex<double>>& x) const {
  const std::size_t points = turns_.size();
  const int bits = std::countr_zero(points);
  std::vector<std::complex<double>> result(points);
  for (std::size_t i = 0; i < points; ++i)
    result[i] = x[reversed_bits(i, bits)];
  for (std::size_t half = 1; half < points; half *= 2)
    for (std::size_t start = 0; start < points; start += 2 * half)
      for (std::size_t i = 0; i < half; ++i) {
        const auto even = result[start + i];
        const auto odd = result[start + half + i] * turns_[i * (points / (2 * half))];
        result[start + i] = even + odd;
        result[start + half + i] = even - odd;
      }
  return result;
}

PowerFrames power_frames(const std::vector<double>& samples, const SpectrumFraming& framing) {
  const auto window = periodic_hann(framing.window);
  const PowerOfTwoFourier fourier(framing.fft());
  PowerFrames frames;
  for (std::size_t start = 0; start + framing.window <= samples.size(); start += framing.hop) {
    std::vector<std::complex<double>> frame(framing.fft());
    for (std::size_t i = 0; i < framing.window; ++i)
      frame[i] = samples[start + i] * window[i];
    const auto bins = fourier.transform(frame);
    std::vector<double> powers(framing.fft() / 2 + 1);
    std::transform(bins.begin(),
                   bins.begin() + static_cast<std::ptrdiff_t>(powers.size()),
                   powers.begin(),
                   [](const std::complex<double>& bin) { return std::norm(bin); });
    frames.push_back(std::move(powers));
  }
  return frames;
}

}  // namespace lipsound2::eval
