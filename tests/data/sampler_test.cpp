#include "lipsound2/data/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

namespace lipsound2::data {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<std::int64_t> mixed_lengths(std::size_t count) {
  Rng rng(5);
  std::vector<std::int64_t> lengths(count);
  for (std::int64_t& length : lengths)
    length = 20 + rng.below(200);
  return lengths;
}

/// Like VoxCeleb2's: 4 to 20 s at 25 per second, 7.8 s on average, short ones more often.
std::vector<std::int64_t> speech_lengths(std::size_t count) {
  Rng rng(6);
  std::vector<std::int64_t> lengths;
  while (lengths.size() < count) {
    const auto length = static_cast<std::int64_t>(100 - 95 * std::log(1 - rng.uniform()));
    if (length <= 500)
      lengths.push_back(length);
  }
  return lengths;
}

/// The clips as they lie in shards of so many.
std::vector<std::vector<std::int64_t>> shards_of(std::size_t clips, std::size_t size) {
  std::vector<std::vector<std::int64_t>> shards((clips + size - 1) / size);
  for (std::size_t i = 0; i < clips; ++i)
    shards[i / size].push_back(static_cast<std::int64_t>(i));
  return shards;
}

/// The plans of all processes.
using Planner = std::function<EpochPlan(const PlanSetup& setup)>;
std::vector<EpochPlan> plans_of_all(PlanSetup setup, const Planner& planner) {
  std::vector<EpochPlan> plans;
  for (setup.rank = 0; setup.rank < setup.world; ++setup.rank)
    plans.push_back(planner(setup));
  return plans;
}

std::vector<std::int64_t> sorted_clips(const EpochPlan& plan) {
  std::vector<std::int64_t> clips;
  for (const auto& batch : plan)
    clips.insert(clips.end(), batch.begin(), batch.end());
  std::sort(clips.begin(), clips.end());
  return clips;
}

/// Share of the batches that is padding.
double padding(const EpochPlan& plan, const std::vector<std::int64_t>& lengths) {
  std::int64_t real = 0;
  std::int64_t all = 0;
  for (const auto& batch : plan) {
    std::int64_t longest = 0;
    for (const std::int64_t clip : batch) {
      real += lengths[static_cast<std::size_t>(clip)];
      longest = std::max(longest, lengths[static_cast<std::size_t>(clip)]);
    }
    all += longest * std::ssize(batch);
  }
  return 1 - static_cast<double>(real) / static_cast<double>(all);
}

TEST(Sampler, ListsClipsInTheirOrder) {
  const EpochPlan expected = {{0, 1, 2}, {3, 4, 5}, {6}};

  EXPECT_EQ(listed_batches(7, 3), expected);
}

TEST(Sampler, TakesEveryClipOncePerEpoch) {
  for (const std::size_t count : {1u, 7u, 64u, 1000u}) {
    std::vector<std::int64_t> all(count);
    for (std::size_t i = 0; i < count; ++i)
      all[i] = static_cast<std::int64_t>(i);

    for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
      EXPECT_EQ(sorted_clips(shuffled_batches(mixed_lengths(count), {.batch_size = 4}, Rng(epoch))),
                all);
  }
}

TEST(Sampler, DependsOnNothingButItsArguments) {
  const auto lengths = mixed_lengths(300);

  EXPECT_EQ(shuffled_batches(lengths, {.batch_size = 8}, Rng(1)),
            shuffled_batches(lengths, {.batch_size = 8}, Rng(1)));
  EXPECT_NE(shuffled_batches(lengths, {.batch_size = 8}, Rng(1)),
            shuffled_batches(lengths, {.batch_size = 8}, Rng(2)));
}

TEST(Sampler, LeavesOnlyTheLastBatchIncomplete) {
  EpochPlan plan = shuffled_batches(mixed_lengths(1003), {.batch_size = 8}, Rng(3));

  EXPECT_THAT(plan.back(), SizeIs(3));  // 1003 = 125 * 8 + 3
  plan.pop_back();
  EXPECT_THAT(plan, Each(SizeIs(8)));
}

TEST(Sampler, DoesNotAlwaysLeaveTheSameClipsOver) {
  std::set<std::int64_t> left_over;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch)
    left_over.insert(
        shuffled_batches(mixed_lengths(33), {.batch_size = 8}, Rng(epoch)).back().front());

  EXPECT_GE(left_over.size(), 4u);
}

TEST(Sampler, DoesNotAlwaysFormTheSameBatches) {
  std::vector<std::int64_t> lengths(40);
  for (std::size_t i = 0; i < lengths.size(); ++i)
    lengths[i] = 75 + static_cast<std::int64_t>(i);
  std::set<std::set<std::int64_t>> batches;
  for (std::uint64_t epoch = 0; epoch < 10; ++epoch)
    for (const auto& batch : shuffled_batches(lengths, {.batch_size = 8}, Rng(epoch)))
      batches.emplace(batch.begin(), batch.end());

  EXPECT_GT(batches.size(), 40u);  // Of 50; 5 if each epoch had the same.
}

TEST(Sampler, PadsLittleWhenLengthsDiffer) {
  const auto lengths = mixed_lengths(512);

  EXPECT_LT(padding(shuffled_batches(lengths, {.batch_size = 8}, Rng(1)), lengths), 0.08);
  EXPECT_GT(padding(listed_batches(512, 8), lengths), 0.3);  // Without buckets.
}

TEST(Sampler, DoesNotSortTheBatchesOfAnEpochByLength) {
  const auto lengths = mixed_lengths(512);
  const EpochPlan plan = shuffled_batches(lengths, {.batch_size = 8}, Rng(1));
  int rises = 0;
  for (std::size_t i = 1; i < plan.size(); ++i)
    rises += lengths[static_cast<std::size_t>(plan[i][0])] >
             lengths[static_cast<std::size_t>(plan[i - 1][0])];

  EXPECT_GT(rises, 16);  // Of 63; about half when shuffled.
  EXPECT_LT(rises, 47);
}

TEST(Sampler, KeepsWithinABudgetOfFramesAndPadsLittle) {
  const auto lengths = speech_lengths(20000);
  for (const std::int64_t budget : {1000, 4000, 20000}) {
    const PlanSetup setup{.max_frames = budget};
    const EpochPlan indexed = shuffled_batches(lengths, setup, Rng(1));
    const EpochPlan streamed =
        streamed_batches(lengths, shards_of(20000, 500), /*buffer=*/2048, setup, Rng(1)).batches;
    for (const EpochPlan& plan : {indexed, streamed}) {
      std::int64_t padded = 0;
      for (const auto& batch : plan) {
        std::int64_t longest = 0;
        for (const std::int64_t clip : batch)
          longest = std::max(longest, lengths[static_cast<std::size_t>(clip)]);
        ASSERT_LE(longest * std::ssize(batch), budget);
        padded += longest * std::ssize(batch);
      }
      EXPECT_LT(padding(plan, lengths), 0.1) << budget;
      EXPECT_GT(static_cast<double>(padded) / static_cast<double>(budget * std::ssize(plan)), 0.75)
          << budget;
    }
  }
}

/// Counts, batch sizes and budgets at which something does not come out even.
TEST(Sampler, SharesEveryClipOnceAndEquallyManyBatchesAmongProcesses) {
  for (const std::size_t count : {5u, 16u, 67u, 1000u, 1003u}) {
    const auto lengths = speech_lengths(count);
    for (const std::int64_t world : {1, 2, 3, 5})
      for (const PlanSetup& setup : {PlanSetup{.batch_size = 4, .world = world},
                                     PlanSetup{.batch_size = 7, .world = world},
                                     PlanSetup{.max_frames = 1500, .world = world}}) {
        const Planner indexed = [&](const PlanSetup& one) {
          return shuffled_batches(lengths, one, Rng(count));
        };
        const Planner streamed = [&](const PlanSetup& one) {
          return streamed_batches(lengths, shards_of(count, 100), /*buffer=*/64, one, Rng(count))
              .batches;
        };
        for (const Planner& planner : {indexed, streamed}) {
          EpochPlan all;
          for (const EpochPlan& plan : plans_of_all(setup, planner)) {
            ASSERT_EQ(plan.size(), planner(setup).size());
            ASSERT_THAT(plan, Each(SizeIs(::testing::Ge(1u))));
            all.insert(all.end(), plan.begin(), plan.end());
          }
          std::vector<std::int64_t> every(count);
          std::iota(every.begin(), every.end(), 0);
          ASSERT_EQ(sorted_clips(all), every) << count << " clips, " << world << " processes";
        }
      }
  }
}

TEST(Sampler, GivesAllProcessesSimilarLengthsAtATime) {
  const auto lengths = speech_lengths(8000);
  const auto longest = [&](const std::vector<std::int64_t>& batch) {
    std::int64_t most = 0;
    for (const std::int64_t clip : batch)
      most = std::max(most, lengths[static_cast<std::size_t>(clip)]);
    return most;
  };
  const Planner indexed = [&](const PlanSetup& one) {
    return shuffled_batches(lengths, one, Rng(4));
  };
  const Planner streamed = [&](const PlanSetup& one) {
    return streamed_batches(lengths, shards_of(8000, 200), /*buffer=*/2000, one, Rng(4)).batches;
  };
  for (const Planner& planner : {indexed, streamed}) {
    const auto plans = plans_of_all({.batch_size = 8, .world = 4}, planner);
    double all = 0;
    double waited = 0;
    for (std::size_t k = 0; k < plans[0].size(); ++k) {
      std::int64_t slowest = 0;
      for (const EpochPlan& plan : plans)
        slowest = std::max(slowest, longest(plan[k]));
      for (const EpochPlan& plan : plans)
        waited += static_cast<double>(slowest - longest(plan[k]));
      all += static_cast<double>(4 * slowest);
    }
    EXPECT_LT(waited / all, 0.1);  // 0.36 with batches in any order.
  }
}

TEST(Sampler, NeverNeedsMoreClipsFromAStreamThanTheBufferHolds) {
  const auto lengths = speech_lengths(3001);
  for (const std::int64_t world : {1, 3})
    for (const PlanSetup& setup : {PlanSetup{.batch_size = 8, .world = world},
                                   PlanSetup{.max_frames = 3000, .world = world}}) {
      constexpr std::int64_t kBuffer = 100;
      const StreamPlan plan =
          streamed_batches(lengths, shards_of(3001, 70), kBuffer, setup, Rng(8));
      std::set<std::int64_t> held;
      std::size_t read = 0;
      for (const auto& batch : plan.batches)
        for (const std::int64_t clip : batch) {
          while (!held.contains(clip)) {
            ASSERT_LT(std::ssize(held), kBuffer);
            held.insert(plan.order.at(read++));
          }
          held.erase(clip);
        }
      EXPECT_EQ(read, plan.order.size());
    }
}

TEST(Sampler, StreamsShardsFromFrontToBackAFewAtATime) {
  const StreamPlan plan = streamed_batches(
      mixed_lengths(2000), shards_of(2000, 100), /*buffer=*/400, {.batch_size = 8}, Rng(8));
  std::map<std::int64_t, std::int64_t> last;
  std::map<std::int64_t, std::int64_t> left;
  std::size_t most_open = 0;
  std::vector<std::int64_t> begun;
  for (const std::int64_t clip : plan.order) {
    const std::int64_t shard = clip / 100;
    if (!last.contains(shard)) {
      begun.push_back(shard);
      left[shard] = 100;
    } else {
      ASSERT_EQ(clip, last[shard] + 1);
    }
    last[shard] = clip;
    most_open = std::max(most_open, left.size());
    if (--left[shard] == 0)
      left.erase(shard);
  }
  EXPECT_EQ(most_open, 8u);
  EXPECT_EQ(begun.size(), 20u);
  EXPECT_FALSE(std::is_sorted(begun.begin(), begun.end()));
}

TEST(Sampler, StreamsInAnotherOrderInEveryEpoch) {
  const auto lengths = mixed_lengths(300);
  const auto plan = [&](std::uint64_t seed) {
    return streamed_batches(
               lengths, shards_of(300, 50), /*buffer=*/80, {.batch_size = 8}, Rng(seed))
        .batches;
  };
  EXPECT_EQ(plan(1), plan(1));
  EXPECT_NE(plan(1), plan(2));
}

TEST(Sampler, RefusesMoreProcessesThanClipsAndSinglesThatCannotBeShared) {
  EXPECT_THAT([] { shuffled_batches({10, 10}, {.world = 3}, Rng(1)); },
              ::testing::ThrowsMessage<Error>(HasSubstr("each of 3 processes, found 2")));
  EXPECT_THAT([] { shuffled_batches({10, 10, 10}, {.batch_size = 1, .world = 2}, Rng(1)); },
              ::testing::ThrowsMessage<Error>(HasSubstr("single clips left over")));
}

}  // namespace
}  // namespace lipsound2::data
