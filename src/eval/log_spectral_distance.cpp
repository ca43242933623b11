#include "lipsound2/eval/log_spectral_distance.h"

#include <algorithm>
#include <cmath>

#include "checked_sound.h"
#include "spectrum.h"

namespace lipsound2::eval {
namespace {

constexpr double kLsdWindowSeconds = 0.032;
constexpr double kLsdHopSeconds = 0.008;
constexpr double kLsdLowestRelativePower = 1e-8;  // -80 dB

double largest_power(const PowerFrames& frames) {
  double largest = 0;
  for (const auto& frame : frames)
    largest = std::max(largest, *std::max_element(frame.begin(), frame.end()));
  return largest;
}

double frame_distance(const std::vector<double>& p, const std::vector<double>& q, double floor) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double difference = 10 * std::log10(std::max(p[i], floor) / std::max(q[i], floor));
    sum += difference * difference;
  }
  return std::sqrt(sum / static_cast<double>(p.size()));
}

}  // namespace

std::optional<double> log_spectral_distance(const audio::Waveform& reference,
                                            const audio::Waveform& degraded) {
  const SoundPair sounds = check_sounds(reference, degraded);
  const auto framing = spectrum_framing(kLsdWindowSeconds, kLsdHopSeconds, sounds.rate);
  const auto x = power_frames(sounds.reference, framing);
  const auto y = power_frames(sounds.degraded, framing);
  const std::size_t count = std::min(x.size(), y.size());
  const PowerFrames compared(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count));
  const double floor = kLsdLowestRelativePower * largest_power(compared);
  if (floor == 0)
    return std::nullopt;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    sum += frame_distance(x[i], y[i], floor);
  return sum / static_cast<double>(count);
}

}  // namespace lipsound2::eval
