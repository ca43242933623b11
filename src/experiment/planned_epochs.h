#pragma once

#include <cstdint>
#include <vector>

#include "lipsound2/data/sampler.h"

namespace lipsound2::experiment {

/// The batches of one epoch after the other, for clips that can be read at random: what
/// data::shuffled_batches() makes of (seed, epoch).
class PlannedEpochs {
 public:
  /// `lengths`: of the clips.
  PlannedEpochs(std::vector<std::int64_t> lengths,
                const data::PlanSetup& setup,
                std::uint64_t seed);

  std::int64_t batches(std::int64_t epoch) const;
  void start(std::int64_t epoch, std::int64_t first_batch);
  /// The clips of the next batch, until the next call of start(); none at the end of the epoch.
  const std::vector<std::int64_t>* next();
  /// Chances of a clip in this epoch.
  Rng draws_of(std::size_t clip) const;

 private:
  data::EpochPlan plan(std::int64_t epoch) const;

  std::vector<std::int64_t> lengths_;
  data::PlanSetup setup_;
  std::uint64_t seed_;
  std::int64_t epoch_ = 0;
  data::EpochPlan batches_;
  std::size_t position_ = 0;
};

}  // namespace lipsound2::experiment
