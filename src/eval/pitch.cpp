#include "lipsound2/eval/pitch.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "checked_sound.h"

namespace lipsound2::eval {
namespace {

constexpr double kPitchHopSeconds = 0.010;
constexpr double kPitchSumSeconds = 0.025;
constexpr double kLowestPitchHz = 50;
constexpr double kHighestPitchHz = 500;
constexpr double kYinThreshold = 0.15;
constexpr double kPitchLowestPower = 1e-5;  // -50 dB, of the loudest frame

/// In samples.
struct YinLags {
  std::size_t sum;      ///< length of the sum over j
  std::size_t lowest;   ///< shortest period
  std::size_t highest;  ///< longest period
  std::size_t hop;

  std::size_t frame() const { return sum + highest; }
};

YinLags yin_lags(int rate) {
  const auto samples = [](double x) { return static_cast<std::size_t>(x); };
  return {samples(std::round(kPitchSumSeconds * rate)),
          samples(std::ceil(rate / kHighestPitchHz)),
          samples(std::floor(rate / kLowestPitchHz)),
          samples(std::round(kPitchHopSeconds * rate))};
}

/// sum over j < terms of (x_j - x_{j + lag})^2.
double squared_difference(std::span<const double> x, std::size_t lag, std::size_t terms) {
  double sum = 0;
  for (std::size_t j = 0; j < terms; ++j)
    sum += (x[j] - x[j + lag]) * (x[j] - x[j + lag]);
  return sum;
}

/// d(t) over its mean over lags 1 to t; 1 where that mean is 0. Lags 0 to lags.highest.
std::vector<double> normalized_differences(std::span<const double> frame, const YinLags& lags) {
  std::vector<double> result(lags.highest + 1, 1.0);
  double total = 0;
  for (std::size_t lag = 1; lag <= lags.highest; ++lag) {
    const double sum = squared_difference(frame.subspan((lags.highest - lag) / 2), lag, lags.sum);
    total += sum;
    if (total > 0)
      result[lag] = sum * static_cast<double>(lag) / total;
  }
  return result;
}

/// Where the parabola through the values at lag - 1, lag and lag + 1 is least.
double refined_lag(const std::vector<double>& values, std::size_t lag) {
  if (lag + 1 >= values.size())
    return static_cast<double>(lag);
  const double slope = (values[lag + 1] - values[lag - 1]) / 2;
  const double curvature = values[lag + 1] - 2 * values[lag] + values[lag - 1];
  return static_cast<double>(lag) - (curvature > 0 ? std::clamp(slope / curvature, -1.0, 1.0) : 0);
}

std::optional<double> frame_pitch(std::span<const double> frame, const YinLags& lags, int rate) {
  const auto values = normalized_differences(frame, lags);
  for (std::size_t lag = lags.lowest; lag <= lags.highest; ++lag) {
    const bool falls_further = lag < lags.highest && values[lag + 1] < values[lag];
    if (values[lag] < kYinThreshold && !falls_further)
      return rate / refined_lag(values, lag);
  }
  return std::nullopt;
}

double summed_power(std::span<const double> frame) {
  double sum = 0;
  for (const double x : frame)
    sum += x * x;
  return sum;
}

}  // namespace

PitchTrack track_pitch(const audio::Waveform& sound) {
  const SoundSamples samples = check_sound(sound, "the");
  const YinLags lags = yin_lags(sound.rate);
  std::vector<std::span<const double>> frames;
  std::vector<double> powers;
  for (std::size_t start = 0; start + lags.frame() <= samples.size(); start += lags.hop) {
    frames.push_back(std::span(samples).subspan(start, lags.frame()));
    powers.push_back(summed_power(frames.back()));
  }
  PitchTrack track;
  if (frames.empty())
    return track;
  const double loudest = *std::max_element(powers.begin(), powers.end());
  for (std::size_t i = 0; i < frames.size(); ++i)
    track.hz.push_back(powers[i] > kPitchLowestPower * loudest
                           ? frame_pitch(frames[i], lags, sound.rate)
                           : std::nullopt);
  return track;
}

}  // namespace lipsound2::eval
