#include "sampler.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

namespace lipsound2::data {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

std::vector<std::int64_t> mixed_lengths(std::size_t count) {
  Rng rng(5);
  std::vector<std::int64_t> lengths(count);
  for (std::int64_t& length : lengths)
    length = 20 + rng.below(200);
  return lengths;
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
      EXPECT_EQ(sorted_clips(shuffled_batches(mixed_lengths(count), 4, Rng(epoch))), all);
  }
}

TEST(Sampler, DependsOnNothingButItsArguments) {
  const auto lengths = mixed_lengths(300);

  EXPECT_EQ(shuffled_batches(lengths, 8, Rng(1)), shuffled_batches(lengths, 8, Rng(1)));
  EXPECT_NE(shuffled_batches(lengths, 8, Rng(1)), shuffled_batches(lengths, 8, Rng(2)));
}

TEST(Sampler, LeavesOnlyTheLastBatchIncomplete) {
  EpochPlan plan = shuffled_batches(mixed_lengths(1003), 8, Rng(3));

  EXPECT_THAT(plan.back(), SizeIs(3));  // 1003 = 125 * 8 + 3
  plan.pop_back();
  EXPECT_THAT(plan, Each(SizeIs(8)));
}

TEST(Sampler, DoesNotAlwaysLeaveTheSameClipsOver) {
  std::set<std::int64_t> left_over;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch)
    left_over.insert(shuffled_batches(mixed_lengths(33), 8, Rng(epoch)).back().front());

  EXPECT_GE(left_over.size(), 4u);
}

TEST(Sampler, DoesNotAlwaysFormTheSameBatches) {
  std::vector<std::int64_t> lengths(40);
  for (std::size_t i = 0; i < lengths.size(); ++i)
    lengths[i] = 75 + static_cast<std::int64_t>(i);
  std::set<std::set<std::int64_t>> batches;
  for (std::uint64_t epoch = 0; epoch < 10; ++epoch)
    for (const auto& batch : shuffled_batches(lengths, 8, Rng(epoch)))
      batches.emplace(batch.begin(), batch.end());

  EXPECT_GT(batches.size(), 40u);  // Of 50; 5 if each epoch had the same.
}

TEST(Sampler, PadsLittleWhenLengthsDiffer) {
  const auto lengths = mixed_lengths(512);

  EXPECT_LT(padding(shuffled_batches(lengths, 8, Rng(1)), lengths), 0.08);
  EXPECT_GT(padding(listed_batches(512, 8), lengths), 0.3);  // Without buckets.
}

TEST(Sampler, DoesNotSortTheBatchesOfAnEpochByLength) {
  const auto lengths = mixed_lengths(512);
  const EpochPlan plan = shuffled_batches(lengths, 8, Rng(1));
  int rises = 0;
  for (std::size_t i = 1; i < plan.size(); ++i)
    rises += lengths[static_cast<std::size_t>(plan[i][0])] >
             lengths[static_cast<std::size_t>(plan[i - 1][0])];

  EXPECT_GT(rises, 16);  // Of 63; about half when shuffled.
  EXPECT_LT(rises, 47);
}

}  // namespace
}  // namespace lipsound2::data
