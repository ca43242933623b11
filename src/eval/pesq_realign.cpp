#include "pesq_realign.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <ATen/ops/zeros.h>

#include "lipsound2/core/tensor.h"

namespace lipsound2::eval::p862 {
namespace {

constexpr double kBadDisturbance = 30;  // of a frame
constexpr Index kSmearing = 2;          // frames
constexpr Index kShortestBadInterval = 5;
constexpr Index kSearchFrames = 4;
constexpr double kLeastCorrelation = 0.5;

/// Runs of bad frames, with good ones between them where bad ones are near on both sides. The very
/// first frame and those at the ends are never bad.
std::vector<FrameRange> bad_intervals(const std::vector<Disturbance>& disturbances) {
  const Index count = std::ssize(disturbances);
  const auto bad_within = [&](Index first, Index last) {
    for (Index i = std::max<Index>(first, 1); i <= last; ++i)
      if (disturbances[i].both_ways > kBadDisturbance)
        return true;
    return false;
  };
  std::vector<FrameRange> intervals;
  for (Index i = kSmearing; i < count - 1 - kSmearing; ++i) {
    if (!bad_within(i - kSmearing, i) || !bad_within(i, i + kSmearing))
      continue;
    if (intervals.empty() || intervals.back().end < i)
      intervals.push_back({i, i});
    intervals.back().end = i + 1;
  }
  std::erase_if(intervals, [](const FrameRange& interval) {
    return interval.end - interval.begin < kShortestBadInterval;
  });
  return intervals;
}

/// The degraded sound with the delays of the utterances taken out.
Samples undelayed(const GuardedPair& pair,
                  const std::vector<Utterance>& utterances,
                  const Layout& layout) {
  const Index end = pair.length() - layout.guard + layout.tail;
  Samples result(pair.degraded.samples.size());
  for (Index i = layout.guard; i < end; ++i) {
    const Index from = i + delay_at(utterances, i, layout);
    result[i] = pair.degraded.samples[std::clamp(from, layout.guard, end - 1)];
  }
  return result;
}

/// The lag, less than `reach` either way, at which the magnitudes of the two rows match best; zero
/// when they hardly match. [2, samples]
Index magnitude_lag(const Tensor& pair, Index reach) {
  const auto size =
      static_cast<std::int64_t>(std::bit_ceil(static_cast<std::size_t>(2 * pair.size(1))));
  const Tensor correlation = correlations(pair[0].abs(), pair[1].abs(), size);
  const double scale = pair.square().sum(1).prod().sqrt().item<double>();
  if (scale == 0)
    return 0;
  const double* const values = correlation.const_data_ptr<double>();
  Index best = 0;
  double highest = 0;
  for (Index lag = -reach; lag < reach; ++lag) {
    const double value = std::abs(values[lag < 0 ? lag + size : lag]) / scale;
    if (value > highest) {
      highest = value;
      best = lag;
    }
  }
  return highest < kLeastCorrelation ? 0 : best;
}

/// How far the degraded sound is still behind the reference within an interval.
Index lag_of(const FrameRange& interval,
             const GuardedPair& pair,
             const Samples& degraded,
             const Layout& layout) {
  const Index reach = kSearchFrames * layout.frame;
  const Index begin = layout.guard + interval.begin * layout.hop;
  const Index end = layout.guard + interval.end * layout.hop + layout.frame;
  const Index last = pair.length() - layout.guard + layout.tail - 1;
  const Index length = end - begin + 2 * reach;
  const Tensor rows = at::zeros({2, length}, at::kDouble);
  double* const data = rows.mutable_data_ptr<double>();
  std::copy(
      pair.reference.samples.begin() + begin, pair.reference.samples.begin() + end, data + reach);
  for (Index i = 0; i < length; ++i)
    data[length + i] = degraded[std::clamp(begin - reach + i, layout.guard, last)];
  return magnitude_lag(rows, reach);
}

/// The undelayed degraded sound with each interval moved by the lag that is left there.
Samples realigned(const std::vector<FrameRange>& intervals,
                  const Comparison& comparison,
                  const Layout& layout) {
  const Samples before = undelayed(comparison.pair, comparison.utterances, layout);
  Samples after = before;
  for (const FrameRange& interval : intervals) {
    const Index lag = lag_of(interval, comparison.pair, before, layout);
    const Index begin = layout.guard + interval.begin * layout.hop;
    const Index end = layout.guard + interval.end * layout.hop + layout.frame;
    for (Index i = begin; i < end; ++i)
      after[i] = before[std::clamp<Index>(i + lag, 0, std::ssize(before) - 1)];
  }
  return after;
}

}  // namespace

std::vector<Disturbance> with_bad_intervals_realigned(std::vector<Disturbance> disturbances,
                                                      const Comparison& comparison,
                                                      const Ear& ear,
                                                      const Layout& layout) {
  const std::vector<FrameRange> intervals = bad_intervals(disturbances);
  if (intervals.empty())
    return disturbances;
  const Samples degraded = realigned(intervals, comparison, layout);
  HeardPair heard = comparison.heard;
  for (const auto& [begin, end] : intervals) {
    std::vector<Index> begins;
    for (Index i = begin; i < end; ++i)
      begins.push_back(layout.guard + i * layout.hop);
    std::ranges::copy(ear.powers(degraded, begins), heard.degraded.begin() + begin);
    const auto again = p862::disturbances(heard, begin, end, ear);
    for (Index i = begin; i < end; ++i) {
      Disturbance& kept = disturbances[i];
      kept.both_ways = std::min(kept.both_ways, again[i - begin].both_ways);
      kept.added = std::min(kept.added, again[i - begin].added);
    }
  }
  return disturbances;
}

}  // namespace lipsound2::eval::p862
