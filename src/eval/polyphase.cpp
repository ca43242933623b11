#include "polyphase.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "lipsound2/core/vectorized.h"

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

/// Samples sorted by their place in blocks: row p holds samples p, p + rows, p + 2 * rows and so
/// on.
struct Phases {
  std::int64_t rows;
  std::int64_t columns;
  std::vector<double> samples;  ///< [rows, columns]
};

/// `before` zeros, the samples, and zeros to the end.
Phases sort_phases(std::span<const double> samples,
                   std::int64_t before,
                   std::int64_t rows,
                   std::int64_t columns) {
  Phases phases{rows, columns, std::vector<double>(static_cast<std::size_t>(rows * columns))};
  std::int64_t row = before % rows;
  std::int64_t column = before / rows;
  for (const double sample : samples) {
    phases.samples[static_cast<std::size_t>(row * columns + column)] = sample;
    if (++row == rows) {
      row = 0;
      ++column;
    }
  }
  return phases;
}

/// Eight doubles: one vector register, or as many smaller ones as it takes.
using Pack [[gnu::vector_size(64)]] = double;
constexpr std::int64_t kPack = 8;
/// How many outputs of the same phase are computed side by side.
constexpr std::int64_t kOutputs = 4 * kPack;

[[gnu::always_inline]] inline void add_product(double weight, const double* from, Pack& sum) {
  Pack values;
  std::memcpy(&values, from, sizeof(values));
  sum += weight * values;
}

/// outputs[j] = sum of weights[i] * sample (first + i + j * rows) over i < weights.size().
[[gnu::always_inline]] inline void filter_outputs(const Phases& phases,
                                                  std::int64_t first,
                                                  std::span<const double> weights,
                                                  double* outputs) {
  Pack sums[4] = {};
  std::int64_t row = first % phases.rows;
  const double* input = phases.samples.data() + row * phases.columns + first / phases.rows;
  for (const double weight : weights) {
    add_product(weight, input, sums[0]);
    add_product(weight, input + kPack, sums[1]);
    add_product(weight, input + 2 * kPack, sums[2]);
    add_product(weight, input + 3 * kPack, sums[3]);
    input += phases.columns;
    if (++row == phases.rows) {
      row = 0;
      input -= phases.rows * phases.columns - 1;
    }
  }
  std::memcpy(outputs, sums, sizeof(sums));
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
  const std::int64_t count = (std::ssize(samples) * up_ + down_ - 1) / down_;
  const std::int64_t groups = (count + up_ * kOutputs - 1) / (up_ * kOutputs);
  const auto before = static_cast<std::int64_t>(before_);
  const auto width = static_cast<std::int64_t>(width_);
  const Phases phases = sort_phases(samples, before, down_, groups * kOutputs + width / down_ + 2);
  std::vector<double> result(static_cast<std::size_t>(count));
  run_vectorized([&]() __attribute__((always_inline)) {
    double outputs[kOutputs];
    // Output n lies n * down / up input samples behind the first one.
    for (std::int64_t n = 0; n < up_; ++n) {
      const auto row = static_cast<std::size_t>(n * down_ % up_);
      const auto weights = std::span(weights_).subspan(row * width_, width_);
      for (std::int64_t g = 0; g < groups; ++g) {
        filter_outputs(phases, n * down_ / up_ + g * kOutputs * down_, weights, outputs);
        for (std::int64_t j = 0, to = n + g * kOutputs * up_; j < kOutputs && to < count; ++j) {
          result[static_cast<std::size_t>(to)] = outputs[j];
          to += up_;
        }
      }
    }
  });
  return result;
}

}  // namespace lipsound2::eval
