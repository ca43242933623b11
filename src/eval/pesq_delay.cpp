#include "pesq_delay.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <ranges>
#include <span>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/fft_irfft.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/hann_window.h>
#include <ATen/ops/zeros.h>

#include "lipsound2/core/vectorized.h"

namespace lipsound2::eval::p862 {
namespace {

constexpr double kPeakShare = 0.99;  // bins this near to the peak count like it
constexpr double kVotePower = 0.125;
constexpr Index kSpectra = 3;            // of align_window + 2 numbers, before the window
constexpr Index kTransformed = 1 << 16;  // numbers at a time, so that they stay in the cache

/// How many frames later the degraded envelope of a pair is where its correlation is highest.
Index peak_lag(const double* correlation, Index size, const EnvelopePair& pair) {
  std::pair<double, Index> best{0, 0};
  for (Index lag = 1 - std::ssize(pair.reference); lag < std::ssize(pair.degraded); ++lag)
    if (const double value = correlation[lag < 0 ? lag + size : lag]; value > best.first)
      best = {value, lag};
  return best.second;
}

/// How many frames later the degraded envelope of each pair is where the two match best.
std::vector<Index> best_lags(std::span<const EnvelopePair> pairs) {
  std::size_t longest = 1;
  for (const EnvelopePair& pair : pairs)
    longest = std::max(longest, pair.reference.size() + pair.degraded.size());
  const auto size = static_cast<Index>(std::bit_ceil(longest));
  const Index batch = std::max<Index>(kTransformed / size, 1);
  std::vector<Index> lags;
  while (!pairs.empty()) {
    const auto some = pairs.first(static_cast<std::size_t>(std::min(batch, std::ssize(pairs))));
    pairs = pairs.subspan(some.size());
    const Tensor rows = at::zeros({2, std::ssize(some), size}, at::kDouble);
    double* data = rows.mutable_data_ptr<double>();
    for (const EnvelopePair& pair : some) {
      std::ranges::copy(pair.reference, data);
      std::ranges::copy(pair.degraded, data + std::ssize(some) * size);
      data += size;
    }
    const Tensor matches = correlations(rows[0], rows[1], size).contiguous();
    for (Index i = 0; i < std::ssize(some); ++i)
      lags.push_back(peak_lag(matches.const_data_ptr<double>() + i * size, size, some[i]));
  }
  return lags;
}

DelayVote vote_of(std::span<double> correlation) {
  double highest = 0;
  for (double& value : correlation) {
    value = std::abs(value);
    highest = std::max(highest, value);
  }
  const double enough = kPeakShare * highest;
  DelayVote vote{{}, std::pow(enough, kVotePower)};
  for (Index i = 0; i < std::ssize(correlation); ++i)
    if (correlation[i] > enough)
      vote.bins.push_back(i);
  return vote;
}

/// Rows of `window` samples, `hop` apart. [count, window], a view of the samples, which are only
/// read.
Tensor rows_of(const Samples& samples, Index first, Index hop, Index count, Index window) {
  // A negative stride is no view: rows that go backward are taken forward and flipped.
  const Index lowest = hop < 0 ? first + hop * (count - 1) : first;
  const Tensor rows = at::from_blob(const_cast<double*>(samples.data() + lowest),
                                    {count, window},
                                    {std::abs(hop), 1},
                                    at::kDouble);
  return hop < 0 ? rows.flip(0) : rows;
}

}  // namespace

double EnvelopePair::correlation(Index i) const {
  const Index lag = i - (std::ssize(reference) - 1);
  const auto early = reference.subspan(static_cast<std::size_t>(std::max<Index>(-lag, 0)));
  const auto late = degraded.subspan(static_cast<std::size_t>(std::max<Index>(lag, 0)));
  return dot(early.data(), late.data(), std::min(std::ssize(early), std::ssize(late)));
}

Tensor correlations(const Tensor& reference, const Tensor& degraded, std::int64_t size) {
  return at::fft_irfft(at::fft_rfft(reference, size).conj() * at::fft_rfft(degraded, size), size);
}

void DelayHistogram::add(const DelayVote& vote) {
  for (const Index bin : vote.bins)
    bins_[bin] += vote.weight;
}

Delay DelayHistogram::peak() const {
  const Index count = std::ssize(bins_);
  const Index reach = count / 64;
  std::vector<double> smooth(bins_.size());
  double sum = 0;
  for (Index i = 0; i < count; ++i) {
    if (bins_[i] == 0)
      continue;
    sum += bins_[i];
    for (Index k = 1 - reach; k < reach; ++k)
      smooth[(i + k + count) % count] +=
          bins_[i] * (1 - static_cast<double>(std::abs(k)) / static_cast<double>(reach));
  }
  if (sum == 0)
    return {expected_, 0};
  const Index peak = std::ranges::max_element(smooth) - smooth.begin();
  return {expected_ + (peak < count / 2 ? peak : peak - count), smooth[peak] / sum};
}

DelayFinder::DelayFinder(AlignedSound reference, AlignedSound degraded, const Layout& layout)
    : reference_(std::move(reference)),
      degraded_(std::move(degraded)),
      layout_(layout),
      window_(at::hann_window(layout.align_window, at::kDouble)) {}

Index DelayFinder::crude() const {
  const EnvelopePair whole{reference_.activity.envelope, degraded_.activity.envelope};
  return layout_.step * best_lags({&whole, 1}).front();
}

EnvelopePair DelayFinder::envelopes_of(const CrudeSearch& piece) const {
  const std::span<const double> reference = reference_.activity.envelope;
  const std::span<const double> degraded = degraded_.activity.envelope;
  const auto& [range, expected] = piece;
  const Index delay = expected / layout_.step;
  const Index begin = std::max(range.begin, -delay);
  const Index count = std::max<Index>(std::min(range.end, std::ssize(reference)) - begin, 0);
  const Index left = std::max<Index>(std::ssize(degraded) - begin - delay, 0);
  if (count == 0 || left == 0)
    return {};
  return {reference.subspan(begin, count), degraded.subspan(begin + delay, std::min(count, left))};
}

std::vector<Index> DelayFinder::crude(const std::vector<CrudeSearch>& searches) const {
  std::vector<EnvelopePair> pairs;
  for (const CrudeSearch& search : searches)
    pairs.push_back(envelopes_of(search));
  std::vector<Index> delays = best_lags(pairs);
  for (std::size_t i = 0; i < delays.size(); ++i)
    delays[i] = searches[i].expected + layout_.step * delays[i];
  return delays;
}

Delay DelayFinder::fine(const FrameRange& range, Index expected) const {
  const Index hop = layout_.align_window / 4;
  const Index first = std::max(range.begin * layout_.step, -expected);
  const Index room = range.end * layout_.step - first - layout_.align_window;
  DelayHistogram histogram(expected, layout_.align_window);
  const AlignmentFrames frames{first, hop, room < 0 ? 0 : room / hop + 1};
  for (const DelayVote& vote : votes(frames, expected, window_))
    histogram.add(vote);
  return histogram.peak();
}

std::vector<DelayVote> DelayFinder::votes(AlignmentFrames frames,
                                          Index expected,
                                          const Tensor& window) const {
  const Index size = layout_.align_window;
  auto& [first, hop, count] = frames;
  const auto fits = [&](Index begin) {
    return begin >= 0 && begin + size <= reference_.length && begin + expected >= 0 &&
           begin + expected + size <= degraded_.length;
  };
  std::vector<DelayVote> votes;
  while (count > 0 && fits(first)) {
    Index batch = 1;
    while (batch < std::min(count, kTransformed / size) && fits(first + batch * hop))
      ++batch;
    const Tensor matches =
        correlations(rows_of(reference_.band, first, hop, batch, size) * window,
                     rows_of(degraded_.band, first + expected, hop, batch, size) * window,
                     size)
            .contiguous();
    for (Index i = 0; i < batch; ++i)
      votes.push_back(
          vote_of({matches.mutable_data_ptr<double>() + i * size, static_cast<std::size_t>(size)}));
    first += batch * hop;
    count -= batch;
  }
  return votes;
}

Tensor DelayFinder::splitting_window(std::span<const CrudeSearch> searches) const {
  const Index before = kSpectra * (layout_.align_window + 2);
  Tensor window = window_.clone();
  double* numbers = window.mutable_data_ptr<double>();
  Index replaced = 0;  // by later searches
  for (const CrudeSearch& search : searches | std::views::reverse) {
    const EnvelopePair pair = envelopes_of(search);
    const Index reach = std::min(pair.lags() - before, layout_.align_window);
    for (; replaced < reach; ++replaced)
      numbers[replaced] = pair.correlation(before + replaced);
  }
  return window;
}

}  // namespace lipsound2::eval::p862
