#include "polyphase.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace lipsound2::eval {
namespace {

double sinc(double x) {
  const double angle = std::numbers::pi * x;
  return x == 0 ? 1.0 : std::sin(angle) / angle;
}

/// The modified Bessel function of the first kind of order 0, by its power series; |x| up to 20.
double bessel_i0(double x) {
  double sum = 1;
  double term = 1;
  for (int k = 1; term > 1e-17 * sum; ++k) {
    term *= x * x / 4 / (k * k);
    sum += term;
  }
  return sum;
}

/// Taps 0..half of a symmetric filter at `up` times the input rate; the sum of all of its taps is
/// `up`. Kaiser 1974: the window's shape and length from the rejection and the width of the
/// roll-off.
std::vector<double> low_pass(std::int64_t up, std::int64_t down) {
  constexpr double kRejectionDb = 60;
  constexpr double kShape = 0.1102 * (kRejectionDb - 8.7);
  const double cutoff = 0.5 / static_cast<double>(std::max(up, down));
  const double roll_off = cutoff / 10;
  const auto half = static_cast<std::size_t>(std::ceil((kRejectionDb - 8) / (28.714 * roll_off)));
  std::vector<double> taps(half + 1);
  for (std::size_t i = 0; i <= half; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(half);
    const double window = bessel_i0(kShape * std::sqrt(1 - place * place));
    taps[i] = window * sinc(2 * cutoff * static_cast<double>(i));
  }
  const double sum = 2 * std::accumulate(taps.begin() + 1, taps.end(), 0.0) + taps[0];
  for (double& tap : taps)
    tap *= static_cast<double>(up) / sum;
  return taps;
}

/// The sum is kept in parts, so that compilers may use vector registers.
double weighted_sum(const double* weights, const double* samples, std::size_t count) {
  constexpr std::size_t kParts = 8;
  double parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (std::size_t part = 0; part < kParts; ++part)
      parts[part] += weights[i + part] * samples[i + part];
  double sum = 0;
  for (const double part : parts)
    sum += part;
  for (; i < count; ++i)
    sum += weights[i] * samples[i];
  return sum;
}

}  // namespace

PolyphaseResampler::PolyphaseResampler(int from, int to)
    : up_(to / std::gcd(from, to)), down_(from / std::gcd(from, to)), before_(0), width_(1) {
  if (up_ == down_)
    return;
  const std::vector<double> taps = low_pass(up_, down_);
  const auto up = static_cast<std::size_t>(up_);
  before_ = (taps.size() - 1) / up;
  width_ = 2 * before_ + 2;
  weights_.resize(up * width_);
  // Input sample k sits at k * up on the grid of the taps, the output sample r behind that of k.
  for (std::size_t r = 0; r < up; ++r)
    for (std::size_t i = 0; i < width_; ++i) {
      const std::size_t input = i * up;
      const std::size_t output = before_ * up + r;
      const std::size_t distance = std::max(input, output) - std::min(input, output);
      if (distance < taps.size())
        weights_[r * width_ + i] = taps[distance];
    }
}

std::vector<double> PolyphaseResampler::operator()(std::span<const double> samples) const {
  if (up_ == down_)
    return {samples.begin(), samples.end()};
  std::vector<double> padded(samples.size() + width_);
  std::ranges::copy(samples, padded.begin() + static_cast<std::ptrdiff_t>(before_));
  const auto length = static_cast<std::int64_t>(samples.size());
  std::vector<double> result(static_cast<std::size_t>((length * up_ + down_ - 1) / down_));
  // The output sample lies row / up after input sample `first`.
  std::int64_t first = 0;
  std::int64_t row = 0;
  for (double& sample : result) {
    sample = weighted_sum(
        weights_.data() + row * static_cast<std::int64_t>(width_), padded.data() + first, width_);
    first += down_ / up_;
    row += down_ % up_;
    if (row >= up_) {
      row -= up_;
      ++first;
    }
  }
  return result;
}

}  // namespace lipsound2::eval
