#include "schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lipsound2::train {

namespace {

// What is left of the way from learning_rate to final_learning_rate.
double rate_left(RateDecay decay, double progress) {
  const double done = std::clamp(progress, 0.0, 1.0);
  if (decay == RateDecay::kPolynomial)
    return (1.0 - done) * (1.0 - done);
  return 0.5 * (1.0 + std::cos(std::numbers::pi * done));
}

}  // namespace

double learning_rate_at(const TrainConfig& config, std::int64_t step, double progress) {
  const double rise = config.warmup_steps > 0
                          ? static_cast<double>(step + 1) / static_cast<double>(config.warmup_steps)
                          : 1.0;
  const double rate =
      config.final_learning_rate +
      (config.learning_rate - config.final_learning_rate) * rate_left(config.decay, progress);
  return std::min(1.0, rise) * rate;
}

double progress_at(const TrainConfig& config, std::int64_t step, double minutes) {
  const double steps = static_cast<double>(step) / static_cast<double>(config.steps);
  const double time = config.max_minutes > 0 ? minutes / config.max_minutes : 0.0;
  return std::clamp(std::max(steps, time), 0.0, 1.0);
}

double average_decay_at(double ema, std::int64_t step) {
  const auto n = static_cast<double>(step);
  return std::min(ema, (1.0 + n) / (10.0 + n));
}

}  // namespace lipsound2::train
