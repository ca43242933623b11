#include "lipsound2/eval/delay.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "checked_sound.h"

namespace lipsound2::eval {
namespace {

constexpr double kEnvelopeSeconds = 0.004;
constexpr double kLongestDelaySeconds = 0.5;
constexpr double kFineSeconds = 0.008;
constexpr double kShortestSoundSeconds = 0.1;
constexpr double kLeastEnvelopeVariation = 0.01;  // of its mean

struct LagRange {
  std::int64_t first;
  std::int64_t last;
};

struct ScoredLag {
  std::int64_t lag = 0;
  double score = -std::numeric_limits<double>::infinity();
};

struct LaggedParts {
  std::span<const double> x;
  std::span<const double> y;
};

double mean_frame(std::span<const double> frames) {
  return std::accumulate(frames.begin(), frames.end(), 0.0) / static_cast<double>(frames.size());
}

std::vector<double> loudness_frames(const SoundSamples& samples, std::size_t size) {
  std::vector<double> frames;
  for (std::size_t start = 0; start + size <= samples.size(); start += size) {
    double sum = 0;
    for (std::size_t i = start; i < start + size; ++i)
      sum += samples[i] * samples[i];
    frames.push_back(std::sqrt(sum / static_cast<double>(size)));
  }
  return frames;
}

/// The first and last frame count twice at the ends.
std::vector<double> smoothed_frames(const std::vector<double>& frames) {
  std::vector<double> result(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i)
    result[i] = frames[i == 0 ? 0 : i - 1] / 4 + frames[i] / 2 +
                frames[std::min(i + 1, frames.size() - 1)] / 4;
  return result;
}

/// Nothing when the sound is too short or its envelope does not vary.
std::optional<std::vector<double>> envelope(const SoundSamples& samples, int rate) {
  if (static_cast<double>(samples.size()) < kShortestSoundSeconds * rate)
    return std::nullopt;
  const auto size = static_cast<std::size_t>(std::lround(kEnvelopeSeconds * rate));
  auto frames = smoothed_frames(loudness_frames(samples, size));
  const double mean = mean_frame(frames);
  double variance = 0;
  for (const double frame : frames)
    variance += (frame - mean) * (frame - mean) / static_cast<double>(frames.size());
  if (std::sqrt(variance) <= kLeastEnvelopeVariation * mean)
    return std::nullopt;
  return frames;
}

/// The parts of x and y where x[n] and y[n + lag] both exist.
LaggedParts lagged_parts(std::span<const double> x, std::span<const double> y, std::int64_t lag) {
  const auto skipped_x = static_cast<std::size_t>(std::max<std::int64_t>(0, -lag));
  const auto skipped_y = static_cast<std::size_t>(std::max<std::int64_t>(0, lag));
  if (skipped_x >= x.size() || skipped_y >= y.size())
    return {};
  const std::size_t size = std::min(x.size() - skipped_x, y.size() - skipped_y);
  return {x.subspan(skipped_x, size), y.subspan(skipped_y, size)};
}

double lagged_product(const LaggedParts& parts) {
  return std::inner_product(parts.x.begin(), parts.x.end(), parts.y.begin(), 0.0);
}

/// Pearson's coefficient; 0 where one part does not vary.
double lagged_correlation(const LaggedParts& parts) {
  const double mean_x = mean_frame(parts.x);
  const double mean_y = mean_frame(parts.y);
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (std::size_t i = 0; i < parts.x.size(); ++i) {
    xx += (parts.x[i] - mean_x) * (parts.x[i] - mean_x);
    xy += (parts.x[i] - mean_x) * (parts.y[i] - mean_y);
    yy += (parts.y[i] - mean_y) * (parts.y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

template <class Score>
ScoredLag best_lag(LagRange lags, const Score& score) {
  ScoredLag best;
  for (std::int64_t lag = lags.first; lag <= lags.last; ++lag) {
    const double value = score(lag);
    if (value > best.score || (value == best.score && std::abs(lag) < std::abs(best.lag)))
      best = {lag, value};
  }
  return best;
}

ScoredLag envelope_lag(const std::vector<double>& x,
                       const std::vector<double>& y,
                       std::int64_t longest) {
  const std::size_t least_overlap = std::min(x.size(), y.size()) / 2;
  return best_lag({-longest, longest}, [&](std::int64_t lag) {
    const LaggedParts parts = lagged_parts(x, y, lag);
    return parts.x.size() < least_overlap ? -1.0 : lagged_correlation(parts);
  });
}

}  // namespace

std::optional<DelayEstimate> estimate_delay(const audio::Waveform& reference,
                                            const audio::Waveform& degraded) {
  const SoundPair sounds = check_sounds(reference, degraded);
  const auto x = envelope(sounds.reference, sounds.rate);
  const auto y = envelope(sounds.degraded, sounds.rate);
  if (!x || !y)
    return std::nullopt;
  const std::int64_t frame = std::lround(kEnvelopeSeconds * sounds.rate);
  const std::int64_t longest = std::lround(kLongestDelaySeconds * sounds.rate);
  const std::int64_t reach = std::lround(kFineSeconds * sounds.rate);
  const ScoredLag coarse = envelope_lag(*x, *y, longest / frame);
  const LagRange lags{std::max(coarse.lag * frame - reach, -longest),
                      std::min(coarse.lag * frame + reach, longest)};
  const ScoredLag fine = best_lag(lags, [&](std::int64_t lag) {
    return lagged_product(lagged_parts(sounds.reference, sounds.degraded, lag));
  });
  return DelayEstimate{
      1000.0 * static_cast<double>(fine.lag) / sounds.rate, fine.lag, coarse.score};
}

}  // namespace lipsound2::eval
