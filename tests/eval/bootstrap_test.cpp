#include "bootstrap.h"

#include <cmath>

#include <gmock/gmock.h>

#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

TEST(Bootstrap, MeanIsTheSumOfValuesOverThatOfWeights) {
  EXPECT_DOUBLE_EQ(mean_of({{2, 2}, {0, 10}, {2, 0}}), 4.0 / 12);
  EXPECT_DOUBLE_EQ(mean_of({{.value = 0.5}, {.value = 0.7}}), 0.6);
  EXPECT_TRUE(std::isnan(mean_of({{2, 0}})));
  EXPECT_TRUE(std::isnan(mean_of({})));
}

TEST(Bootstrap, IntervalOfARatioHasTheWidthOfItsStandardError) {
  // Errors of 300 clips of 1 to 20 words. The standard error of a ratio of sums (Cochran 1977,
  // Sampling Techniques, section 6.4) is sqrt(sum of (errors - rate * words)^2) / sum of words.
  Rng rng(4);
  std::vector<Share> shares;
  for (int i = 0; i < 300; ++i) {
    const auto words = static_cast<double>(1 + rng.below(20));
    double errors = 0;
    for (int word = 0; word < words; ++word)
      errors += rng.chance(0.3) ? 1 : 0;
    shares.push_back({errors, words});
  }
  const double rate = mean_of(shares);
  double squares = 0;
  double words = 0;
  for (const Share& share : shares) {
    squares += std::pow(share.value - rate * share.weight, 2);
    words += share.weight;
  }

  const Interval interval = bootstrap_interval(shares);

  const double half_width = 1.96 * std::sqrt(squares) / words;
  EXPECT_NEAR(interval.high - rate, half_width, 0.08 * half_width);
  EXPECT_NEAR(rate - interval.low, half_width, 0.08 * half_width);
}

TEST(Bootstrap, DrawsWithoutWeightAreDrawnAgain) {
  const Interval interval = bootstrap_interval({{1, 4}, {0, 0}, {0, 0}});

  EXPECT_DOUBLE_EQ(interval.low, 0.25);
  EXPECT_DOUBLE_EQ(interval.high, 0.25);
}

TEST(Bootstrap, NothingWithWeightHasNoIntervalAndNoSurprise) {
  EXPECT_TRUE(std::isnan(bootstrap_interval({{1, 0}}).low));
  EXPECT_EQ(flip_probability({{1, 0}}), 1);
}

}  // namespace
}  // namespace lipsound2::eval
