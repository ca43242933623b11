#include "lipsound2/train/trainer.h"

#include <cmath>
#include <csignal>
#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/mse_loss.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/loader.h"
#include "lipsound2/train/checkpoint.h"

#include "support/temporary_folder.h"
#include "support/toy_corpus.h"

namespace lipsound2::train {
namespace {

using lipsound2::testing::TemporaryFolder;

// From the mean picture of a clip to its mean mel frame.
struct ToyNet : torch::nn::Module {
  ToyNet() {
    register_module("norm", norm);
    register_module("linear", linear);
  }
  Tensor forward(const Tensor& faces) {
    const Tensor mean = norm->forward(faces.to(at::kFloat).div(255).mean(2));  // [B, 1, H, W]
    const Tensor pooled = at::adaptive_avg_pool2d(mean, {4, 4}).flatten(1);
    return linear->forward(at::dropout(pooled, 0.2, is_training()));
  }

  torch::nn::BatchNorm2d norm{1};
  torch::nn::Linear linear{16, 80};
};

class ToyTask final : public Task {
 public:
  ToyTask() {
    const at::NoGradGuard no_grad;
    for (const Tensor& parameter : net.parameters())
      parameter.fill_(0.01);
  }
  torch::nn::Module& module() override { return net; }
  Losses losses(const data::Batch& batch, double progress) override {
    seen_progress.push_back(progress);
    if (before_step)
      before_step(calls);
    const float factor = poisoned_call == calls++ ? std::nanf("") : 1.0F;
    const Tensor mel = at::mse_loss(net.forward(batch.faces), batch.mel.mean(1)) * factor;
    return {mel, {{"mel", mel}}};
  }
  std::map<std::string, double> validate(const std::filesystem::path& samples) override {
    samples_folders.push_back(samples);
    if (during_validation)
      during_validation();
    const double score = scores.empty() ? static_cast<double>(samples_folders.size())
                                        : scores.at(samples_folders.size() - 1);
    return {{"toy", score}};
  }
  std::string best_score() const override { return "toy"; }

  ToyNet net;
  std::function<void(int)> before_step;
  std::function<void()> during_validation;
  std::vector<double> scores;  // of the validations in order; 1, 2, 3... when empty
  int poisoned_call = -1;
  int calls = 0;
  std::vector<std::filesystem::path> samples_folders;
  std::vector<double> seen_progress;
};

// Five clips in batches of two: three batches per epoch.
class TrainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = std::filesystem::path(::testing::TempDir()) /
              ("trainer_corpus." + std::to_string(::getpid()));
    lipsound2::testing::write_toy_corpus(corpus_, /*clips=*/5, /*frames=*/10);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(corpus_); }

  static data::Loader make_loader() {
    data::LoaderConfig config;
    config.batch_size = 2;
    return {corpus_, data::read_manifest(corpus_ / "manifest.jsonl"), config};
  }
  Trainer::Setup setup(const std::string& run) const {
    Trainer::Setup setup;
    setup.config = {.steps = 11,
                    .learning_rate = 1e-2,
                    .warmup_steps = 2,
                    .ema = 0.9,
                    .log_every = 2,
                    .validate_every = 4,
                    .save_every = 5};
    setup.run.path = folder_ / run;
    setup.resolved_config = "seed: 1\n";
    setup.metadata["mel"] = "statistics";
    return setup;
  }
  TrainOutcome train(ToyTask& task, const Trainer::Setup& setup) const {
    data::Loader loader = make_loader();
    return Trainer(task, loader, setup).run();
  }
  TrainOutcome resume(ToyTask& task, const Trainer::Setup& setup) const {
    data::Loader loader = make_loader();
    Trainer trainer(task, loader, setup);
    trainer.resume();
    return trainer.run();
  }
  // Trains until an exception at this call, as after a kill.
  void train_until_killed(const std::string& run, int call) const {
    ToyTask task;
    task.before_step = [call](int now) {
      if (now == call)
        throw std::runtime_error("killed");
    };
    EXPECT_THROW(train(task, setup(run)), std::runtime_error);
  }

  TemporaryFolder folder_;
  static inline std::filesystem::path corpus_;
};

using TrainerFault = TrainerTest;
using TrainerLearns = TrainerTest;

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

TEST_F(TrainerTest, ResumedAfterAKillEqualsAnUninterruptedRun) {
  ToyTask whole;
  train(whole, setup("whole"));
  train_until_killed("parts", 9);  // saved after step 5; steps 6 to 9 are lost

  ToyTask rest;
  rest.scores = {2, 3};  // as the second and third validation of the whole run
  EXPECT_EQ(resume(rest, setup("parts")), TrainOutcome::kFinished);

  EXPECT_EQ(rest.calls, 6);
  expect_same_run(setup("whole").run, setup("parts").run);
}

TEST_F(TrainerTest, StoppedByASignalAndResumedEqualsAnUninterruptedRun) {
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

TEST_F(TrainerTest, ResumesWithFrozenPartsAndOtherRatesBitForBit) {
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

TEST_F(TrainerTest, StopsWhenTheTimeIsUpAndSaves) {
  ToyTask task;
  Trainer::Setup limited = setup("run");
  limited.config.steps = 1000000;
  limited.config.max_minutes = 1e-9;  // over before the first update ends
  task.before_step = [](int call) { ASSERT_LT(call, 1); };

  EXPECT_EQ(train(task, limited), TrainOutcome::kFinished);

  EXPECT_LE(task.calls, 1);
}

TEST_F(TrainerTest, HasNothingToDoWhenResumedAtTheEnd) {
  ToyTask whole;
  train(whole, setup("run"));
  const std::string before = read_file(setup("run").run.last());

  ToyTask task;
  EXPECT_EQ(resume(task, setup("run")), TrainOutcome::kFinished);

  EXPECT_EQ(task.calls, 0);
  EXPECT_TRUE(read_file(setup("run").run.last()) == before);
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

TEST_F(TrainerFault, RefusesToResumeFromWeightsAlone) {
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

TEST_F(TrainerFault, SaysWhatIsMissingWhenThereIsNoCheckpoint) {
  ToyTask task;

  try {
    resume(task, setup("run"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("last.safetensors"));
  }
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
