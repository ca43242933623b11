#include "planned_epochs.h"

#include "lipsound2/core/random.h"

namespace lipsound2::experiment {

PlannedEpochs::PlannedEpochs(std::vector<std::int64_t> lengths,
                             const data::PlanSetup& setup,
                             std::uint64_t seed)
    : lengths_(std::move(lengths)), setup_(setup), seed_(seed) {}

data::EpochPlan PlannedEpochs::plan(std::int64_t epoch) const {
  return data::shuffled_batches(
      lengths_, setup_, Rng(mix({seed_, static_cast<std::uint64_t>(epoch)})));
}

std::int64_t PlannedEpochs::batches(std::int64_t epoch) const {
  return std::ssize(plan(epoch));
}

void PlannedEpochs::start(std::int64_t epoch, std::int64_t first_batch) {
  epoch_ = epoch;
  batches_ = plan(epoch);
  position_ = static_cast<std::size_t>(first_batch);
}

const std::vector<std::int64_t>* PlannedEpochs::next() {
  return position_ < batches_.size() ? &batches_[position_++] : nullptr;
}

Rng PlannedEpochs::draws_of(std::size_t clip) const {
  return Rng(mix({seed_, static_cast<std::uint64_t>(epoch_), clip}));
}

}  // namespace lipsound2::experiment
