#include "bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

constexpr std::size_t kDraws = 10000;
constexpr std::uint64_t kBootstrapSeed = 1;
constexpr std::uint64_t kFlipSeed = 2;

Share& operator+=(Share& sum, const Share& share) {
  sum.value += share.value;
  sum.weight += share.weight;
  return sum;
}

/// The sum of as many shares as there are, drawn with replacement. Each random number draws two:
/// halves of it, of 32 bits, choose among fewer than 2^32 shares evenly enough.
Share resampled_sum(const std::vector<Share>& shares, Rng& rng) {
  const std::uint64_t count = shares.size();
  Share even{.value = 0, .weight = 0};
  Share odd = even;
  for (std::uint64_t i = 0; i < count; i += 2) {
    const std::uint64_t number = rng.next();
    even += shares[(number >> 32) * count >> 32];
    if (i + 1 < count)
      odd += shares[(number & 0xffffffff) * count >> 32];
  }
  return even += odd;
}

/// The sum with random signs of the values.
Share flipped_sum(const std::vector<Share>& shares, Rng& rng) {
  Share sum{.value = 0, .weight = 0};
  for (const Share& share : shares)
    sum += Share{rng.chance(0.5) ? share.value : -share.value, share.weight};
  return sum;
}

/// The sorted means of many sums that `draw` gives. Some of them must have weight.
template <class Draw>
std::vector<double> drawn_means(const Draw& draw) {
  std::vector<double> means(kDraws);
  for (double& mean : means) {
    Share sum = draw();
    while (sum.weight == 0)  // only clips with empty references: their rate is not defined
      sum = draw();
    mean = sum.value / sum.weight;
  }
  std::ranges::sort(means);
  return means;
}

}  // namespace

double mean_of(const std::vector<Share>& shares) {
  Share sum{.value = 0, .weight = 0};
  for (const Share& share : shares)
    sum += share;
  return sum.weight == 0 ? std::numeric_limits<double>::quiet_NaN() : sum.value / sum.weight;
}

Interval bootstrap_interval(const std::vector<Share>& shares) {
  const double mean = mean_of(shares);
  if (std::isnan(mean))
    return {mean, mean};
  Rng rng(kBootstrapSeed);
  const auto means = drawn_means([&] { return resampled_sum(shares, rng); });
  constexpr std::size_t kTail = kDraws / 40;  // 2.5 %
  return {means[kTail], means[kDraws - 1 - kTail]};
}

double flip_probability(const std::vector<Share>& shares) {
  const double mean = mean_of(shares);
  if (std::isnan(mean))
    return 1;
  Rng rng(kFlipSeed);
  const auto means = drawn_means([&] { return flipped_sum(shares, rng); });
  constexpr double kRounding = 1e-12;
  const auto extreme = std::ranges::count_if(
      means, [&](double flipped) { return std::abs(flipped) >= std::abs(mean) - kRounding; });
  return static_cast<double>(1 + extreme) / static_cast<double>(1 + kDraws);
}

}  // namespace lipsound2::eval
