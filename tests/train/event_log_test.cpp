#include "event_log.h"

#include <cmath>
#include <csignal>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "interrupt.h"
#include "support/temporary_folder.h"
#include "train_state.h"

namespace lipsound2::train {
namespace {

using lipsound2::testing::TemporaryFolder;

TEST(EventLog, WritesOneObjectPerLine) {
  const TemporaryFolder folder;
  const EventLog log(folder / "events.jsonl");

  log.add(20, {{"loss", 0.5}, {"learning_rate", 1e-3}});
  log.add(40, {{"loss", std::nan("")}});

  EXPECT_EQ(read_file(folder / "events.jsonl"),
            "{\"step\":20,\"loss\":0.5,\"learning_rate\":0.001}\n{\"step\":40,\"loss\":null}\n");
}

TEST(EventLog, DropsWhatCameAfterTheResumedStepAndTornLines) {
  const TemporaryFolder folder;
  const EventLog log(folder / "events.jsonl");
  write_file(folder / "events.jsonl",
             "{\"step\":1}\n{\"step\":2,\"score.x\":1}\n{\"step\":3}\n{\"ste");

  log.drop_after(2);

  EXPECT_EQ(read_file(folder / "events.jsonl"), "{\"step\":1}\n{\"step\":2,\"score.x\":1}\n");
}

TEST(EventLog, LeavesNoFileWhereNoneWas) {
  const TemporaryFolder folder;

  EventLog(folder / "events.jsonl").drop_after(2);

  EXPECT_FALSE(std::filesystem::exists(folder / "events.jsonl"));
}

TEST(EventLog, FindsTheLastNumberOfAName) {
  const TemporaryFolder folder;
  const EventLog log(folder / "events.jsonl");
  log.add(1, {{"seconds", 2.5}});
  log.add(2, {{"seconds", 4.5}});
  log.add(2, {{"score.x", 1}});

  EXPECT_EQ(log.last("seconds"), 4.5);
  EXPECT_EQ(log.last("absent"), 0);
}

TEST(TrainState, ComesBackFromItsText) {
  const TrainState state = {.step = 12,
                            .best_score = 0.1 + 0.2,
                            .minutes = 3.5,
                            .seed = 18446744073709551615ULL,
                            .epoch = 3,
                            .batch = 2,
                            .batches_per_epoch = 7};

  const TrainState read = TrainState::from_json(state.to_json(), "a.safetensors");

  EXPECT_EQ(read.to_json(), state.to_json());
  EXPECT_EQ(read.best_score, 0.1 + 0.2);
  EXPECT_EQ(read.seed, 18446744073709551615ULL);
}

TEST(TrainState, NamesTheFileOfBrokenCounters) {
  try {
    TrainState::from_json("{\"step\":\"x\"}", "a.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                ::testing::StartsWith("a.safetensors: expected the counters of a training run"));
  }
}

TEST(Interrupt, OnlyRaisesAFlagTheFirstTime) {
  const Interrupt interrupt;
  const bool before = interrupt.requested();

  std::raise(SIGTERM);

  EXPECT_FALSE(before);
  EXPECT_TRUE(interrupt.requested());
}

TEST(InterruptDeathTest, StopsAtOnceTheSecondTime) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const Interrupt interrupt;
        std::raise(SIGINT);
        std::raise(SIGTERM);
      },
      ::testing::ExitedWithCode(128 + SIGTERM),
      "");
}

TEST(InterruptDeathTest, GivesTheFormerHandlersBack) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        {
          const Interrupt interrupt;
        }
        std::raise(SIGTERM);
      },
      ::testing::KilledBySignal(SIGTERM),
      "");
}

}  // namespace
}  // namespace lipsound2::train
