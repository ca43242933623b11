#include "ordered_pipeline.h"

#include <atomic>
#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::data {
namespace {

/// Works for a while that differs from item to item, so that threads overtake each other.
std::string slow_name(std::int64_t item) {
  Rng rng(mix({static_cast<std::uint64_t>(item)}));
  std::this_thread::sleep_for(std::chrono::microseconds(rng.below(300)));
  return "item " + std::to_string(item);
}

TEST(OrderedPipeline, KeepsTheOrderWhateverTheNumberOfThreads) {
  for (const std::int64_t threads : {1, 2, 4, 8}) {
    OrderedPipeline<std::string> pipeline(
        {.first = 3, .last = 200, .threads = threads, .ahead = threads + 3}, &slow_name);

    for (int i = 3; i < 200; ++i)
      ASSERT_EQ(pipeline.next(), "item " + std::to_string(i)) << threads << " threads";
    EXPECT_EQ(pipeline.next(), std::nullopt);
  }
}

TEST(OrderedPipeline, NeverBeginsMoreThanItMayKeep) {
  std::atomic<std::int64_t> begun = 0;
  OrderedPipeline<std::int64_t> pipeline({.first = 0, .last = 100, .threads = 4, .ahead = 6},
                                         [&](std::int64_t i) {
                                           ++begun;
                                           return i;
                                         });

  for (std::int64_t taken = 1; taken <= 100; ++taken) {
    ASSERT_EQ(pipeline.next(), taken - 1);
    ASSERT_LE(begun.load(), taken + 6);
  }
}

TEST(OrderedPipeline, RethrowsAnErrorInItsTurn) {
  OrderedPipeline<std::int64_t> pipeline({.first = 0, .last = 20, .threads = 3, .ahead = 8},
                                         [](std::int64_t i) {
                                           require(i != 5, ErrorKind::kData, "item {} is bad", i);
                                           return i;
                                         });

  for (std::int64_t i = 0; i < 5; ++i)
    EXPECT_EQ(pipeline.next(), i);
  EXPECT_THROW(pipeline.next(), Error);
  EXPECT_EQ(pipeline.next(), 6);
}

TEST(OrderedPipeline, CanBeLeftAtAnyMoment) {
  for (int taken = 0; taken < 10; ++taken) {
    OrderedPipeline<std::string> pipeline({.first = 0, .last = 1000000, .threads = 3, .ahead = 5},
                                          &slow_name);
    for (int i = 0; i < taken; ++i)
      pipeline.next();
  }
}

TEST(OrderedPipeline, WakesAWaitingReaderWhenStopped) {
  std::atomic<bool> go_on = false;
  OrderedPipeline<int> pipeline({.first = 0, .last = 5, .threads = 1, .ahead = 1},
                                [&](std::int64_t) {
                                  while (!go_on)
                                    std::this_thread::yield();
                                  return 0;
                                });
  std::thread stopper([&] { pipeline.stop(); });

  EXPECT_EQ(pipeline.next(), std::nullopt);

  go_on = true;
  stopper.join();
}

TEST(OrderedPipeline, HasNothingToDoWithoutItems) {
  OrderedPipeline<int> pipeline({.first = 4, .last = 4, .threads = 2, .ahead = 2},
                                [](std::int64_t) { return 1; });

  EXPECT_EQ(pipeline.next(), std::nullopt);
}

}  // namespace
}  // namespace lipsound2::data
