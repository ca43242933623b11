#include <csignal>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/train/checkpoint.h"

#include "toy_training.h"

namespace lipsound2::train {
namespace {

using TrainerResumeTest = TrainerTest;

std::vector<nlohmann::json> timeless_events(const std::filesystem::path& file) {
  std::vector<nlohmann::json> events;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line);) {
    nlohmann::json event = nlohmann::json::parse(line);
    for (const char* const name : {"seconds",
                                   "clips_per_second",
                                   "wait_ms",
                                   "read_ms",
                                   "decode_ms",
                                   "sound_ms",
                                   "augment_ms"})
      event.erase(name);
    events.push_back(event);
  }
  return events;
}

void expect_same_run(const RunFolder& a, const RunFolder& b) {
  EXPECT_TRUE(read_file(a.last()) == read_file(b.last())) << "last.safetensors differ";
  EXPECT_TRUE(read_file(a.best()) == read_file(b.best())) << "best.safetensors differ";
  EXPECT_EQ(timeless_events(a.events()), timeless_events(b.events()));
}

TEST_F(TrainerResumeTest, ResumedAfterAKillEqualsAnUninterruptedRun) {
  ToyTask whole;
  train(whole, setup("whole"));
  train_until_killed("parts", 9);  // saved after step 5; steps 6 to 9 are lost

  ToyTask rest;
  rest.scores = {2, 3};  // as the second and third validation of the whole run
  EXPECT_EQ(resume(rest, setup("parts")), TrainOutcome::kFinished);

  EXPECT_EQ(rest.calls, 6);
  expect_same_run(setup("whole").run, setup("parts").run);
}

TEST_F(TrainerResumeTest, StoppedByASignalAndResumedEqualsAnUninterruptedRun) {
  ToyTask whole;
  train(whole, setup("whole"));
  ToyTask first;
  first.before_step = [](int call) {
    if (call == 6)
      std::raise(SIGTERM);
  };

  EXPECT_EQ(train(first, setup("parts")), TrainOutcome::kInterrupted);
  ToyTask rest;
  rest.scores = {2, 3};  // as the second and third validation of the whole run
  EXPECT_EQ(resume(rest, setup("parts")), TrainOutcome::kFinished);

  EXPECT_EQ(first.calls, 7);  // the step in flight is finished
  EXPECT_EQ(rest.calls, 4);
  expect_same_run(setup("whole").run, setup("parts").run);
}

TEST_F(TrainerResumeTest, ResumesWithFrozenPartsAndOtherRatesBitForBit) {
  const auto with_parts = [&](const std::string& run) {
    Trainer::Setup parts = setup(run);
    parts.config.freeze = {"norm"};
    parts.config.part_learning_rate = {{"linear", 0.25}};
    return parts;
  };
  ToyTask whole;
  train(whole, with_parts("whole"));
  ToyTask first;
  first.before_step = [](int call) {
    if (call == 6)
      std::raise(SIGTERM);
  };
  train(first, with_parts("parts"));

  ToyTask rest;
  rest.scores = {2, 3};  // as the second and third validation of the whole run
  EXPECT_EQ(resume(rest, with_parts("parts")), TrainOutcome::kFinished);

  expect_same_run(with_parts("whole").run, with_parts("parts").run);
}

TEST_F(TrainerResumeTest, HasNothingToDoWhenResumedAtTheEnd) {
  ToyTask whole;
  train(whole, setup("run"));
  const std::string before = read_file(setup("run").run.last());

  ToyTask task;
  EXPECT_EQ(resume(task, setup("run")), TrainOutcome::kFinished);

  EXPECT_EQ(task.calls, 0);
  EXPECT_TRUE(read_file(setup("run").run.last()) == before);
}

TEST_F(TrainerResumeTest, RefusesToResumeFromWeightsAlone) {
  ToyTask task;
  make_folder(setup("run").run.last().parent_path());
  save_tensors(setup("run").run.last(), {module_tensors(task.net), {}});

  try {
    resume(task, setup("run"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("found no metadata 'trainer'"));
  }
}

TEST_F(TrainerResumeTest, SaysWhatIsMissingWhenThereIsNoCheckpoint) {
  ToyTask task;

  try {
    resume(task, setup("run"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("last.safetensors"));
  }
}

}  // namespace
}  // namespace lipsound2::train
