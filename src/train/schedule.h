#pragma once

#include <cstdint>

#include "lipsound2/train/trainer.h"

namespace lipsound2::train {

/// The learning rate of update `step` (from 0): a linear rise over `warmup_steps` times a fall over
/// `progress` in [0, 1] from learning_rate to final_learning_rate: half a cosine (Loshchilov and
/// Hutter 2017, eq. 5, without restarts) or a polynomial of power 2.
double learning_rate_at(const TrainConfig& config, std::int64_t step, double progress);

/// How far training has come, in [0, 1]: the larger share of updates and of wall-clock time.
double progress_at(const TrainConfig& config, std::int64_t step, double minutes);

/// The decay of the running average at update `step` (from 0): `ema`, but at first
/// (1 + step) / (10 + step), so that the average forgets the random start soon.
double average_decay_at(double ema, std::int64_t step);

}  // namespace lipsound2::train
