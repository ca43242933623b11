#include "sampler.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace lipsound2::data {
namespace {

constexpr std::int64_t kPoolBatches = 64;

using ClipIterator = std::vector<std::int64_t>::const_iterator;

/// Cuts full batches from [begin, end); the clips that are left over come from a random place.
EpochPlan cut_pool(ClipIterator begin, ClipIterator end, std::int64_t batch_size, Rng& rng) {
  const std::int64_t full = (end - begin) / batch_size;
  const std::int64_t left = (end - begin) % batch_size;
  const std::int64_t place = left == 0 ? full : rng.below(full + 1);
  EpochPlan batches;
  std::vector<std::int64_t> incomplete;
  for (std::int64_t i = 0; i <= full; ++i) {
    if (i == place) {
      incomplete.assign(begin, begin + left);
      begin += left;
    }
    if (i < full) {
      batches.emplace_back(begin, begin + batch_size);
      begin += batch_size;
    }
  }
  if (left > 0)
    batches.push_back(std::move(incomplete));
  return batches;
}

/// Ten times each length, and up to a tenth more: else a small corpus would fall into the same
/// batches in every epoch.
std::vector<std::int64_t> blur(const std::vector<std::int64_t>& lengths, Rng& rng) {
  std::vector<std::int64_t> blurred;
  blurred.reserve(lengths.size());
  for (const std::int64_t length : lengths)
    blurred.push_back(10 * length + rng.below(length + 1));
  return blurred;
}

}  // namespace

EpochPlan listed_batches(std::int64_t clips, std::int64_t batch_size) {
  EpochPlan batches;
  for (std::int64_t first = 0; first < clips; first += batch_size) {
    batches.emplace_back(std::min(batch_size, clips - first));
    std::iota(batches.back().begin(), batches.back().end(), first);
  }
  return batches;
}

EpochPlan shuffled_batches(const std::vector<std::int64_t>& lengths,
                           std::int64_t batch_size,
                           Rng rng) {
  std::vector<std::int64_t> clips(lengths.size());
  std::iota(clips.begin(), clips.end(), 0);
  rng.shuffle(clips);
  const std::vector<std::int64_t> blurred = blur(lengths, rng);
  EpochPlan batches;
  const auto pool = static_cast<std::size_t>(kPoolBatches * batch_size);
  for (std::size_t first = 0; first < clips.size(); first += pool) {
    const auto begin = clips.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(pool, clips.size() - first));
    std::stable_sort(begin, end, [&](std::int64_t a, std::int64_t b) {
      return blurred[static_cast<std::size_t>(a)] < blurred[static_cast<std::size_t>(b)];
    });
    EpochPlan cut = cut_pool(begin, end, batch_size, rng);
    std::move(cut.begin(), cut.end(), std::back_inserter(batches));
  }
  const bool ragged = lengths.size() % static_cast<std::size_t>(batch_size) != 0;
  std::vector<std::int64_t> incomplete;
  if (ragged) {
    incomplete = std::move(batches.back());
    batches.pop_back();
  }
  rng.shuffle(batches);
  if (ragged)
    batches.push_back(std::move(incomplete));
  return batches;
}

}  // namespace lipsound2::data
