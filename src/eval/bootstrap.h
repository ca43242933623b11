#pragma once

#include <vector>

namespace lipsound2::eval {

/// One clip's share in a mean: a score of weight 1, or errors that weigh as many reference units as
/// they were counted on. The mean of shares is the sum of their values over that of their weights:
/// for errors, the rate of the corpus.
struct Share {
  double value = 0;
  double weight = 1;
};

struct Interval {
  double low = 0;
  double high = 0;
};

/// NaN when nothing has weight.
double mean_of(const std::vector<Share>& shares);

/// 95 % percentile bootstrap interval of the mean (Efron 1979): 10000 resamples of whole clips from
/// a fixed seed. A resample without weight has no mean and is drawn again. NaN where the mean is.
Interval bootstrap_interval(const std::vector<Share>& shares);

/// How probable a mean as far from 0 would be if the signs of the values were random: two-sided
/// sign-flip permutation test (Fisher 1935) with 10000 flips from a fixed seed, so at least 1e-4.
/// 1 where the mean is NaN.
double flip_probability(const std::vector<Share>& shares);

}  // namespace lipsound2::eval
