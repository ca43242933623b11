#include "polyphase.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>

namespace lipsound2::eval {
namespace {

double sinc(double x) {
  const double angle = std::numbers::pi * x;
  return x == 0 ? 1.0 : std::sin(angle) / angle;
}

/// Taps -half..half at `up` times the input rate; the sum of all taps is `up`. Kaiser 1974: the
/// window's shape and length from the rejection and the width of the roll-off.
std::vector<double> low_pass(std::int64_t up, std::int64_t down) {
  constexpr double kRejectionDb = 60;
  constexpr double kShape = 0.1102 * (kRejectionDb - 8.7);
  const double cutoff = 0.5 / static_cast<double>(std::max(up, down));
  const double roll_off = cutoff / 10;
  const auto half = static_cast<std::int64_t>(std::ceil((kRejectionDb - 8) / (28.714 * roll_off)));
  std::vector<double> taps(static_cast<std::size_t>(2 * half + 1));
  for (std::int64_t i = -half; i <= half; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(half);
    const double window = std::cyl_bessel_i(0, kShape * std::sqrt(1 - place * place));
    taps[static_cast<std::size_t>(i + half)] = window * sinc(2 * cutoff * static_cast<double>(i));
  }
  const double scale = static_cast<double>(up) / std::accumulate(taps.begin(), taps.end(), 0.0);
  for (double& tap : taps)
    tap *= scale;
  return taps;
}

}  // namespace

std::vector<double> resample_polyphase(const audio::Waveform& sound, int rate) {
  const std::int64_t divisor = std::gcd(sound.rate, rate);
  const std::int64_t up = rate / divisor;
  const std::int64_t down = sound.rate / divisor;
  const auto length = static_cast<std::int64_t>(sound.samples.size());
  if (up == down)
    return {sound.samples.begin(), sound.samples.end()};
  const std::vector<double> taps = low_pass(up, down);
  const auto half = static_cast<std::int64_t>(taps.size() / 2);
  std::vector<double> result(static_cast<std::size_t>((length * up + down - 1) / down));
  for (std::size_t n = 0; n < result.size(); ++n) {
    // Input sample k sits at k * up on the fine grid; this output sample at n * down.
    const std::int64_t center = static_cast<std::int64_t>(n) * down;
    const std::int64_t first = std::max<std::int64_t>(0, (center - half + up - 1) / up);
    const std::int64_t last = std::min(length - 1, (center + half) / up);
    for (std::int64_t k = first; k <= last; ++k)
      result[n] += sound.samples[static_cast<std::size_t>(k)] *
                   taps[static_cast<std::size_t>(center - k * up + half)];
  }
  return result;
}

}  // namespace lipsound2::eval
