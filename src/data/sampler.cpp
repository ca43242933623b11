#include "lipsound2/data/sampler.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <c10/util/Exception.h>

#include "lipsound2/core/error.h"

namespace lipsound2::data {
namespace {

constexpr std::int64_t kPoolBatches = 64;
constexpr std::size_t kLanes = 8;  // shards read side by side

using Clips = std::vector<std::int64_t>;

/// Ten times each length, and up to a tenth more: else a small corpus would fall into the same
/// batches in every epoch.
Clips blur(const Clips& lengths, Rng& rng) {
  Clips blurred;
  blurred.reserve(lengths.size());
  for (const std::int64_t length : lengths)
    blurred.push_back(10 * length + rng.below(length + 1));
  return blurred;
}

/// Cuts full batches; the clips that are left over come from a random place.
EpochPlan cut_by_clips(const Clips& clips, std::int64_t batch_size, Rng& rng) {
  const std::int64_t full = std::ssize(clips) / batch_size;
  const std::int64_t left = std::ssize(clips) % batch_size;
  const std::int64_t place = left == 0 ? full : rng.below(full + 1);
  EpochPlan batches;
  Clips incomplete;
  auto begin = clips.begin();
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

EpochPlan cut_by_frames(const Clips& clips, const Clips& lengths, std::int64_t max_frames) {
  EpochPlan batches;
  std::int64_t longest = 0;
  for (const std::int64_t clip : clips) {
    longest = std::max(longest, lengths[static_cast<std::size_t>(clip)]);
    if (batches.empty() || (std::ssize(batches.back()) + 1) * longest > max_frames) {
      batches.emplace_back();
      longest = lengths[static_cast<std::size_t>(clip)];
    }
    batches.back().push_back(clip);
  }
  return batches;
}

/// Halves batches, from the last one backwards, until there are `count`.
void halve_batches(EpochPlan& batches, std::size_t count) {
  bool halved = true;
  while (batches.size() < count && halved) {
    halved = false;
    for (std::size_t i = batches.size(); i-- > 0 && batches.size() < count;) {
      const auto half = static_cast<std::ptrdiff_t>(batches[i].size() / 2);
      if (half == 0)
        continue;
      Clips second(batches[i].begin() + half, batches[i].end());
      batches[i].resize(static_cast<std::size_t>(half));
      batches.insert(batches.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(second));
      halved = true;
    }
  }
  require(batches.size() == count,
          ErrorKind::kConfig,
          "expected clips that all processes can share evenly, found single clips left over; give "
          "batches of at least two clips, or use fewer processes");
}

void append(EpochPlan& batches, EpochPlan more) {
  std::move(more.begin(), more.end(), std::back_inserter(batches));
}

/// Forms the batches of pools of clips.
class PoolCutter {
 public:
  PoolCutter(const Clips& lengths, const PlanSetup& setup, Rng& rng)
      : lengths_(lengths), blurred_(blur(lengths, rng)), setup_(setup), rng_(rng) {}

  void sort(Clips& clips) const {
    std::stable_sort(clips.begin(), clips.end(), [&](std::int64_t a, std::int64_t b) {
      return blurred_[static_cast<std::size_t>(a)] < blurred_[static_cast<std::size_t>(b)];
    });
  }

  /// This process's batches of one pool. `parts` are the sorted clips of each process.
  EpochPlan cut(const std::vector<Clips>& parts) {
    const Rng chances(rng_.next());
    std::vector<EpochPlan> plans;
    std::size_t most = 0;
    for (const Clips& part : parts) {
      Rng same_for_all = chances;
      plans.push_back(setup_.max_frames > 0 ? cut_by_frames(part, lengths_, setup_.max_frames)
                                            : cut_by_clips(part, setup_.batch_size, same_for_all));
      most = std::max(most, plans.back().size());
    }
    for (EpochPlan& plan : plans)
      halve_batches(plan, most);
    return std::move(plans[static_cast<std::size_t>(setup_.rank)]);
  }

 private:
  const Clips& lengths_;
  const Clips blurred_;
  const PlanSetup& setup_;
  Rng& rng_;
};

void check(const Clips& lengths, const PlanSetup& setup) {
  TORCH_CHECK(setup.batch_size > 0 && setup.rank >= 0 && setup.rank < setup.world,
              "batches of ",
              setup.batch_size,
              " clips for process ",
              setup.rank,
              " of ",
              setup.world);
  require(std::ssize(lengths) >= setup.world,
          ErrorKind::kConfig,
          "expected at least one clip for each of {} processes, found {}",
          setup.world,
          lengths.size());
}

/// Whether the last batch of an epoch is incomplete, in some process.
bool is_ragged(const Clips& lengths, const PlanSetup& setup) {
  return setup.max_frames == 0 && std::ssize(lengths) % (setup.batch_size * setup.world) != 0;
}

/// `kept` batches at the end stay there.
void shuffle_batches(EpochPlan& batches, std::size_t kept, Rng& rng) {
  EpochPlan last(std::make_move_iterator(batches.end() - static_cast<std::ptrdiff_t>(kept)),
                 std::make_move_iterator(batches.end()));
  batches.resize(batches.size() - kept);
  rng.shuffle(batches);
  append(batches, std::move(last));
}

/// Every `world`-th clip for each process.
std::vector<Clips> deal(const Clips& clips, std::int64_t world) {
  std::vector<Clips> parts(static_cast<std::size_t>(world));
  for (std::size_t i = 0; i < clips.size(); ++i)
    parts[i % parts.size()].push_back(clips[i]);
  return parts;
}

/// Clips per batch, on average.
double clips_per_batch(const Clips& lengths, const PlanSetup& setup) {
  if (setup.max_frames == 0)
    return static_cast<double>(setup.batch_size);
  const auto frames = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  return std::max(1.0,
                  static_cast<double>(setup.max_frames) * static_cast<double>(lengths.size()) /
                      static_cast<double>(frames));
}

/// The clips of shards that are read side by side, one clip of each in turn; a shard that ends
/// makes room for the next one.
Clips interleave(const std::vector<Clips>& shards) {
  struct Lane {
    const Clips* shard;
    std::size_t next;
  };
  Clips order;
  std::vector<Lane> lanes;
  std::size_t opened = 0;
  for (std::size_t turn = 0;; ++turn) {
    while (lanes.size() < kLanes && opened < shards.size())
      lanes.push_back({&shards[opened++], 0});
    if (lanes.empty())
      return order;
    const auto lane = lanes.begin() + static_cast<std::ptrdiff_t>(turn % lanes.size());
    if (lane->next < lane->shard->size())
      order.push_back((*lane->shard)[lane->next++]);
    else
      lanes.erase(lane);
  }
}

Clips slice(const Clips& clips, std::int64_t begin, std::int64_t end) {
  return {clips.begin() + begin, clips.begin() + end};
}

/// Cuts the clips of shuffled shards into one stretch for each process, equal to a clip; a shard at
/// the border of two stretches is read in part by both. The clips of each in the order of reading.
std::vector<Clips> share_out(const std::vector<Clips>& shards,
                             std::int64_t clips,
                             std::int64_t world) {
  std::vector<Clips> orders;
  for (std::int64_t process = 0; process < world; ++process) {
    std::int64_t begin = clips * process / world;
    std::int64_t end = clips * (process + 1) / world;
    std::vector<Clips> stretch;
    for (const Clips& shard : shards) {
      const std::int64_t size = std::ssize(shard);
      stretch.push_back(slice(
          shard, std::clamp<std::int64_t>(begin, 0, size), std::clamp<std::int64_t>(end, 0, size)));
      begin -= size;
      end -= size;
    }
    orders.push_back(interleave(stretch));
  }
  return orders;
}

/// How many pools of about `size` clips to make of so many, and where they begin and end: all but
/// the last can be cut into full batches of `unit` clips.
struct Pools {
  Pools(std::int64_t clips, std::int64_t size, std::int64_t unit_clips)
      : unit(unit_clips),
        count(std::max<std::int64_t>(1, (clips / unit * unit + size - 1) / size)) {}

  Clips cut(const Clips& clips, std::int64_t pool) const {
    const std::int64_t units = std::ssize(clips) / unit;
    const std::int64_t end =
        pool + 1 == count ? std::ssize(clips) : units * (pool + 1) / count * unit;
    return slice(clips, units * pool / count * unit, end);
  }

  std::int64_t unit;
  std::int64_t count;
};

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
                           const PlanSetup& setup,
                           Rng rng) {
  check(lengths, setup);
  Clips clips(lengths.size());
  std::iota(clips.begin(), clips.end(), 0);
  rng.shuffle(clips);
  PoolCutter cutter(lengths, setup, rng);
  const Pools pools(std::ssize(clips),
                    static_cast<std::int64_t>(static_cast<double>(kPoolBatches * setup.world) *
                                              clips_per_batch(lengths, setup)),
                    setup.max_frames > 0 ? 1 : setup.batch_size * setup.world);
  EpochPlan batches;
  for (std::int64_t pool = 0; pool < pools.count; ++pool) {
    Clips pooled = pools.cut(clips, pool);
    cutter.sort(pooled);
    append(batches, cutter.cut(deal(pooled, setup.world)));
  }
  shuffle_batches(batches, is_ragged(lengths, setup) ? 1 : 0, rng);
  return batches;
}

StreamPlan streamed_batches(const std::vector<std::int64_t>& lengths,
                            std::vector<std::vector<std::int64_t>> shards,
                            std::int64_t buffer,
                            const PlanSetup& setup,
                            Rng rng) {
  check(lengths, setup);
  const std::int64_t unit = setup.max_frames > 0 ? 1 : setup.batch_size;
  TORCH_CHECK(buffer >= kLeastBuffer * unit, "a buffer of ", buffer, " clips");
  rng.shuffle(shards);
  std::vector<Clips> orders = share_out(shards, std::ssize(lengths), setup.world);
  PoolCutter cutter(lengths, setup, rng);
  // Pools may be larger than asked for by nearly two units.
  const Pools pools(std::ssize(lengths) / setup.world, buffer / 2 - 2 * unit, unit);
  EpochPlan batches;
  for (std::int64_t pool = 0; pool < pools.count; ++pool) {
    std::vector<Clips> parts;
    for (const Clips& order : orders)
      cutter.sort(parts.emplace_back(pools.cut(order, pool)));
    EpochPlan cut = cutter.cut(parts);
    const bool ragged = pool + 1 == pools.count && is_ragged(lengths, setup);
    shuffle_batches(cut, ragged ? 1 : 0, rng);
    append(batches, std::move(cut));
  }
  return {std::move(batches), std::move(orders[static_cast<std::size_t>(setup.rank)])};
}

}  // namespace lipsound2::data
