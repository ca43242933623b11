#include "lipsound2/train/trainer.h"

#include <limits>

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/train/checkpoint.h"

#include "toy_training.h"

namespace lipsound2::train {
namespace {

using TrainerFault = TrainerTest;
using TrainerLearns = TrainerTest;

TEST_F(TrainerTest, LogsStepsAndScores) {
  ToyTask task;

  EXPECT_EQ(train(task, setup("run")), TrainOutcome::kFinished);

  std::vector<std::int64_t> steps;
  std::vector<std::int64_t> validated;
  for (const auto& event : timeless_events(setup("run").run.events()))
    (event.contains("score.toy") ? validated : steps).push_back(event.at("step"));
  EXPECT_THAT(steps, ::testing::ElementsAre(2, 4, 6, 8, 10, 11));
  EXPECT_THAT(validated, ::testing::ElementsAre(4, 8, 11));
  const auto first = timeless_events(setup("run").run.events()).front();
  EXPECT_EQ(first.at("loss"), first.at("loss.mel"));
  EXPECT_DOUBLE_EQ(first.at("epoch").get<double>(), 2.0 / 3.0);
  EXPECT_GT(first.at("grad_norm").get<double>(), 0);
}

TEST_F(TrainerTest, GivesTheTaskItsProgress) {
  ToyTask task;

  train(task, setup("run"));

  EXPECT_EQ(task.seen_progress.size(), 11U);
  EXPECT_DOUBLE_EQ(task.seen_progress.front(), 0);
  EXPECT_DOUBLE_EQ(task.seen_progress.back(), 10.0 / 11.0);
}

TEST_F(TrainerTest, DropoutDependsOnTheSeed) {
  ToyTask a;
  ToyTask b;
  Trainer::Setup other = setup("b");
  other.seed = 2;

  train(a, setup("a"));
  train(b, other);

  EXPECT_FALSE(at::equal(a.net.linear->weight, b.net.linear->weight));
}

TEST_F(TrainerTest, ValidatesTheAveragedWeightsInEvalModeWithoutGradients) {
  ToyTask task;
  Tensor validated;
  bool training = true;
  bool gradients = true;
  task.during_validation = [&] {
    validated = task.net.linear->weight.detach().clone();
    training = task.net.is_training();
    gradients = at::GradMode::is_enabled();
  };

  train(task, setup("run"));

  const TensorFile last = load_tensors(setup("run").run.last());
  EXPECT_TRUE(at::equal(validated, last.tensors.at("ema.linear.weight")));
  EXPECT_TRUE(at::equal(task.net.linear->weight, last.tensors.at("model.linear.weight")));
  EXPECT_FALSE(at::equal(validated, task.net.linear->weight));
  EXPECT_FALSE(training);
  EXPECT_FALSE(gradients);
  EXPECT_TRUE(task.net.is_training());
}

TEST_F(TrainerTest, GivesEachValidationAFolderOfItsOwn) {
  ToyTask task;

  train(task, setup("run"));

  EXPECT_THAT(task.samples_folders,
              ::testing::ElementsAre(setup("run").run.samples() / "step-000004",
                                     setup("run").run.samples() / "step-000008",
                                     setup("run").run.samples() / "step-000011"));
  EXPECT_TRUE(std::filesystem::is_directory(task.samples_folders.front()));
}

TEST_F(TrainerTest, KeepsTheWeightsOfTheBestScore) {
  ToyTask task;
  task.scores = {0.2, 0.7, 0.5};
  std::vector<Tensor> validated;
  task.during_validation = [&] { validated.push_back(task.net.linear->weight.detach().clone()); };

  train(task, setup("run"));

  const TensorFile best = load_tensors(setup("run").run.best());
  EXPECT_TRUE(at::equal(best.tensors.at("model.linear.weight"), validated.at(1)));
  EXPECT_EQ(best.tensors.count("ema.linear.weight"), 0U);
  EXPECT_EQ(best.metadata.at("mel"), "statistics");
  EXPECT_EQ(best.metadata.at("config"), "seed: 1\n");
  const auto trainer = nlohmann::json::parse(best.metadata.at("trainer"));
  EXPECT_EQ(trainer.at("best_score"), 0.7);
  EXPECT_EQ(trainer.at("step"), 8);
}

TEST_F(TrainerTest, KeepsTheLaterWeightsOfEqualScores) {
  ToyTask task;
  task.scores = {0.7, 0.7, 0.5};

  train(task, setup("run"));

  const TensorFile best = load_tensors(setup("run").run.best());
  EXPECT_EQ(nlohmann::json::parse(best.metadata.at("trainer")).at("step"), 8);
}

TEST_F(TrainerTest, NeverTakesAScoreThatIsNotANumberForTheBest) {
  ToyTask task;
  task.scores = {0.2, std::nan(""), std::numeric_limits<double>::infinity()};

  train(task, setup("run"));

  const TensorFile best = load_tensors(setup("run").run.best());
  EXPECT_EQ(nlohmann::json::parse(best.metadata.at("trainer")).at("step"), 4);
}

TEST_F(TrainerTest, KeepsFrozenPartsAndTheirStatistics) {
  ToyTask task;
  const auto before = module_tensors(*task.net.norm);
  std::map<std::string, Tensor> copies;
  for (const auto& [name, tensor] : before)
    copies[name] = tensor.detach().clone();
  Trainer::Setup frozen = setup("run");
  frozen.config.freeze = {"norm"};
  task.before_step = [&](int) {
    EXPECT_FALSE(task.net.norm->is_training());
    EXPECT_TRUE(task.net.linear->is_training());
  };

  train(task, frozen);

  for (const auto& [name, tensor] : before)
    EXPECT_TRUE(at::equal(tensor, copies.at(name))) << name;
  EXPECT_GT((task.net.linear->weight - 0.01).abs().max().item<float>(), 1e-3);
  const TensorFile last = load_tensors(frozen.run.last());
  EXPECT_TRUE(at::equal(last.tensors.at("ema.norm.weight"), copies.at("weight")));
}

TEST_F(TrainerTest, StopsWhenTheTimeIsUpAndSaves) {
  ToyTask task;
  Trainer::Setup limited = setup("run");
  limited.config.steps = 1000000;
  limited.config.max_minutes = 1e-9;  // over before the first update ends
  task.before_step = [](int call) { ASSERT_LT(call, 1); };

  EXPECT_EQ(train(task, limited), TrainOutcome::kFinished);

  EXPECT_LE(task.calls, 1);
}

TEST_F(TrainerFault, NamesTheBatchOfALossThatIsNotFinite) {
  ToyTask task;
  task.poisoned_call = 7;
  std::string message;
  ErrorKind kind = ErrorKind::kUsage;

  try {
    train(task, setup("run"));
  } catch (const Error& error) {
    message = error.what();
    kind = error.kind();
  }

  data::Loader loader = make_loader();
  loader.start(/*epoch=*/2, /*first_batch=*/1);  // the eighth batch of three per epoch
  const auto batch = loader.next();
  EXPECT_EQ(kind, ErrorKind::kNumeric);
  EXPECT_EQ(message,
            "step 8: expected a finite loss and gradient, found loss nan, loss.mel nan, gradient "
            "norm nan; batch: " +
                batch->ids.at(0) + ", " + batch->ids.at(1));
}

TEST_F(TrainerFault, KeepsTheLastGoodCheckpointWhenALossIsNotFinite) {
  ToyTask task;
  task.poisoned_call = 9;  // step 10, which would be saved

  EXPECT_THROW(train(task, setup("run")), Error);

  const TensorFile last = load_tensors(setup("run").run.last());
  EXPECT_EQ(nlohmann::json::parse(last.metadata.at("trainer")).at("step"), 5);
}

TEST_F(TrainerLearns, ToyClips) {
  ToyTask task;
  Trainer::Setup longer = setup("run");
  longer.config.steps = 150;
  longer.config.learning_rate = 0.1;
  longer.config.clip_norm = 0;
  longer.config.validate_every = longer.config.save_every = 150;

  train(task, longer);

  const auto events = timeless_events(longer.run.events());
  const double first = events.front().at("loss");
  const double last = events.at(events.size() - 2).at("loss");
  EXPECT_LT(last, 0.2 * first);
}

}  // namespace
}  // namespace lipsound2::train
