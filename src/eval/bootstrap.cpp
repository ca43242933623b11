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

/// Adds up what `draw` gives for each of so many places.
template <class Draw>
Share drawn_sum(std::size_t count, const Draw& draw) {
  Share sum{.value = 0, .weight = 0};
  for (std::size_t i = 0; i < count; ++i) {
    const Share share = draw(i);
    sum.value += share.value;
    sum.weight += share.weight;
  }
  return sum;
}

/// The sorted means of many such sums. Some of them must have weight.
template <class Draw>
std::vector<double> drawn_means(std::size_t count, const Draw& draw) {
  std::vector<double> means(kDraws);
  for (double& mean : means) {
    Share sum = drawn_sum(count, draw);
    while (sum.weight == 0)  // only clips with empty references: their rate is not defined
      sum = drawn_sum(count, draw);
    mean = sum.value / sum.weight;
  }
  std::ranges::sort(means);
  return means;
}

}  // namespace

double mean_of(const std::vector<Share>& shares) {
  const Share sum = drawn_sum(shares.size(), [&](std::size_t i) { return shares[i]; });
  return sum.weight == 0 ? std::numeric_limits<double>::quiet_NaN() : sum.value / sum.weight;
}

Interval bootstrap_interval(const std::vector<Share>& shares) {
  const double mean = mean_of(shares);
  if (std::isnan(mean))
    return {mean, mean};
  Rng rng(kBootstrapSeed);
  const auto count = std::ssize(shares);
  const auto means = drawn_means(shares.size(), [&](std::size_t) {
    return shares[static_cast<std::size_t>(rng.below(count))];
  });
  constexpr std::size_t kTail = kDraws / 40;  // 2.5 %
  return {means[kTail], means[kDraws - 1 - kTail]};
}

double flip_probability(const std::vector<Share>& shares) {
  const double mean = mean_of(shares);
  if (std::isnan(mean))
    return 1;
  Rng rng(kFlipSeed);
  const auto means = drawn_means(shares.size(), [&](std::size_t i) {
    return Share{rng.chance(0.5) ? shares[i].value : -shares[i].value, shares[i].weight};
  });
  constexpr double kRounding = 1e-12;
  const auto extreme = std::ranges::count_if(
      means, [&](double flipped) { return std::abs(flipped) >= std::abs(mean) - kRounding; });
  return static_cast<double>(1 + extreme) / static_cast<double>(1 + kDraws);
}

}  // namespace lipsound2::eval
