#include "lipsound2/data/device_prefetcher.h"

#include <atomic>
#include <stdexcept>
#include <thread>

#include <ATen/ops/full.h>
#include <gmock/gmock.h>

namespace lipsound2::data {
namespace {

using ::testing::ElementsAre;

/// Batch k of epoch e is full of 10 e + k. Counts how many it has given.
class CountingSource final : public BatchSource {
 public:
  explicit CountingSource(std::int64_t count, std::int64_t failing = -1)
      : count_(count), failing_(failing) {}

  void start(std::int64_t epoch, std::int64_t first_batch) override {
    epoch_ = epoch;
    next_ = first_batch;
  }
  std::optional<Batch> next() override {
    if (next_ == failing_)
      throw std::runtime_error("batch " + std::to_string(next_));
    if (next_ == count_)
      return std::nullopt;
    ++given;
    Batch batch;
    batch.ids = {std::to_string(next_)};
    batch.faces = at::full({1, 1, 2, 3, 3}, 10 * epoch_ + next_, at::kByte);
    batch.mel = at::full({1, 4 + next_, 2}, static_cast<double>(next_));
    ++next_;
    return batch;
  }
  std::int64_t batches(std::int64_t /*epoch*/) const override { return count_; }
  LoaderTimes times() const override { return {.read_ms = 1.0 * given, .wait_ms = 1e9}; }

  std::atomic<int> given = 0;

 private:
  std::int64_t count_;
  std::int64_t failing_;
  std::int64_t epoch_ = 0;
  std::int64_t next_ = 0;
};

/// The code for other devices, on the CPU.
DevicePrefetcher make_prefetcher(BatchSource& source) {
  return {source, c10::Device(c10::kCPU), Transport::kAhead};
}

std::vector<int> take_all(DevicePrefetcher& prefetcher) {
  std::vector<int> values;
  while (const std::optional<Batch> batch = prefetcher.next()) {
    EXPECT_EQ(batch->faces.min().item<int>(), batch->faces.max().item<int>());
    EXPECT_EQ(batch->ids[0], std::to_string(batch->mel[0][0][0].item<int>()));
    EXPECT_EQ(batch->mel.size(1), 4 + batch->mel[0][0][0].item<int>());
    values.push_back(batch->faces[0][0][0][0][0].item<int>());
  }
  return values;
}

TEST(DevicePrefetcher, GivesTheBatchesInTheirOrder) {
  CountingSource source(8);
  DevicePrefetcher prefetcher = make_prefetcher(source);

  prefetcher.start(1, 2);
  EXPECT_THAT(take_all(prefetcher), ElementsAre(12, 13, 14, 15, 16, 17));
  EXPECT_FALSE(prefetcher.next().has_value());

  prefetcher.start(2);
  EXPECT_THAT(take_all(prefetcher), ElementsAre(20, 21, 22, 23, 24, 25, 26, 27));
}

TEST(DevicePrefetcher, LeavesABatchAloneThatTheCallerStillHolds) {
  CountingSource source(8);
  DevicePrefetcher prefetcher = make_prefetcher(source);
  prefetcher.start(0);
  std::vector<Batch> held;
  while (std::optional<Batch> batch = prefetcher.next())
    held.push_back(*std::move(batch));

  ASSERT_EQ(held.size(), 8u);
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(held[static_cast<std::size_t>(i)].faces.sum().item<int>(), i * 18);
}

TEST(DevicePrefetcher, GoesAheadByTwoBatchesAndNoMore) {
  CountingSource source(8);
  DevicePrefetcher prefetcher = make_prefetcher(source);
  prefetcher.start(0);
  prefetcher.next();
  while (source.given < 3)
    std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // in which it could do wrong

  EXPECT_EQ(source.given, 3);  // one taken, one ready, one that waits for its place
}

TEST(DevicePrefetcher, RethrowsAnErrorAfterTheBatchesBefore) {
  CountingSource source(8, /*failing=*/2);
  DevicePrefetcher prefetcher = make_prefetcher(source);
  prefetcher.start(0);

  EXPECT_TRUE(prefetcher.next().has_value());
  EXPECT_TRUE(prefetcher.next().has_value());
  EXPECT_THAT([&] { prefetcher.next(); }, ::testing::ThrowsMessage<std::runtime_error>("batch 2"));
}

TEST(DevicePrefetcher, StartsAgainInTheMiddleOrAfterAnError) {
  CountingSource source(8, /*failing=*/6);
  DevicePrefetcher prefetcher = make_prefetcher(source);
  prefetcher.start(0);
  prefetcher.next();

  prefetcher.start(1, 4);
  prefetcher.next();
  prefetcher.next();
  EXPECT_THROW(prefetcher.next(), std::runtime_error);

  prefetcher.start(2, 7);
  EXPECT_THAT(take_all(prefetcher), ElementsAre(27));
}

TEST(DevicePrefetcher, EndsWhileBatchesWait) {
  CountingSource source(8);
  {
    DevicePrefetcher prefetcher = make_prefetcher(source);
    prefetcher.start(0);
    while (source.given < 2)
      std::this_thread::yield();
  }
  EXPECT_LT(source.given, 8);
}

TEST(DevicePrefetcher, TellsTheTimesOfTheSourceAndItsOwnWaitAndCopies) {
  CountingSource source(8);
  DevicePrefetcher prefetcher = make_prefetcher(source);
  prefetcher.start(0);
  take_all(prefetcher);

  const LoaderTimes times = prefetcher.times();
  EXPECT_EQ(times.read_ms, 8);
  EXPECT_GT(times.wait_ms, 0);
  EXPECT_LT(times.wait_ms, 1e9);  // not the source's
  EXPECT_GT(times.copy_ms, 0);
}

TEST(DevicePrefetcher, PassesBatchesOnDirectlyOnACpu) {
  CountingSource source(8);
  DevicePrefetcher prefetcher(source, c10::Device(c10::kCPU));
  prefetcher.start(0);

  prefetcher.next();

  EXPECT_EQ(source.given, 1);
  EXPECT_EQ(prefetcher.times().copy_ms, 0);
}

}  // namespace
}  // namespace lipsound2::data
