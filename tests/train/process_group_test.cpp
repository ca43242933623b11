#include "lipsound2/train/process_group.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/train/checkpoint.h"

#include "ring_link.h"
#include "support/error_text.h"
#include "toy_training.h"

namespace lipsound2::train {
namespace {

using lipsound2::testing::error_text;
using ::testing::HasSubstr;

std::uint16_t free_port() {
  const Door door({"127.0.0.1", "1"});  // closed again at the end
  return static_cast<std::uint16_t>(std::stoi(door.endpoint().port));
}

/// Runs `work` in so many threads, each with its place in a group.
template <class Work>
void in_group(int world, const Work& work) {
  const std::uint16_t port = free_port();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < world; ++rank)
    threads.emplace_back([=, &work] {
      work(ProcessPlace{.rank = rank,
                        .world = world,
                        .host = "127.0.0.1",
                        .port = port,
                        .patience = std::chrono::seconds(60)});
    });
  for (std::thread& thread : threads)
    thread.join();
}

/// The environment of a test, as it was before at its end.
class Variables {
 public:
  void set(const char* name, const std::string& value) {
    const char* const old = std::getenv(name);
    if (old != nullptr)
      former_.emplace_back(name, old);
    else
      unset_.emplace_back(name);
    ::setenv(name, value.c_str(), 1);
  }
  ~Variables() {
    for (const std::string& name : unset_)
      ::unsetenv(name.c_str());
    for (const auto& [name, value] : former_)
      ::setenv(name.c_str(), value.c_str(), 1);
  }

 private:
  std::vector<std::pair<std::string, std::string>> former_;
  std::vector<std::string> unset_;
};

TEST(ProcessGroup, SumsTensorsOfAnySizeToTheSameBitsEverywhere) {
  constexpr int kWorld = 3;
  for (const std::int64_t size : {1, 2, 3, 1000, 1000001}) {
    std::vector<Tensor> sums(kWorld);
    in_group(kWorld, [&](const ProcessPlace& place) {
      const ProcessGroup group(place);
      Tensor& own = sums[static_cast<std::size_t>(place.rank)];
      own = at::arange(size, at::kFloat) / 7 * (place.rank + 1);
      group.sum(own);
      group.wait_for_all();
    });
    EXPECT_TRUE(at::allclose(sums[0], at::arange(size, at::kFloat) / 7 * 6)) << size;
    EXPECT_TRUE(at::equal(sums[0], sums[1])) << size;
    EXPECT_TRUE(at::equal(sums[0], sums[2])) << size;
  }
}

TEST(ProcessGroup, GivesAllTheValuesOfTheFirst) {
  in_group(2, [](const ProcessPlace& place) {
    const ProcessGroup group(place);
    const Tensor values = at::full({2, 3}, place.rank + 5, at::kLong);
    group.broadcast(values.t());
    EXPECT_TRUE(at::equal(values, at::full({2, 3}, 5, at::kLong))) << place.rank;
  });
}

TEST(ProcessGroup, OfOneChangesNothing) {
  const ProcessGroup group;
  const Tensor values = at::full({2}, 3.5);
  group.sum(values);
  group.broadcast(values);
  group.wait_for_all();
  EXPECT_TRUE(at::equal(values, at::full({2}, 3.5)));
  EXPECT_TRUE(group.leads());
}

TEST(ProcessGroup, NamesTheProcessThatEnded) {
  in_group(2, [](const ProcessPlace& place) {
    const ProcessGroup group(place);
    group.wait_for_all();
    if (place.rank == 0) {
      EXPECT_THAT(error_text([&] { group.sum(at::full({1000}, 1.0)); }, ErrorKind::kIo),
                  HasSubstr("process 1 of 2 has ended"));
    }
  });
}

TEST(ProcessGroup, SaysWhoDidNotCome) {
  const ProcessPlace alone{.rank = 0,
                           .world = 2,
                           .host = "127.0.0.1",
                           .port = free_port(),
                           .patience = std::chrono::seconds(1)};
  const std::string text = error_text([&] { ProcessGroup{alone}; }, ErrorKind::kIo);
  EXPECT_THAT(text, HasSubstr("expected all 2 processes to meet at 127.0.0.1"));
  EXPECT_THAT(text, HasSubstr("process 0 waited for process 1"));
}

TEST(ProcessPlace, IsReadFromTheVariablesOfTorchrun) {
  Variables variables;
  variables.set("RANK", "3");
  EXPECT_THAT(error_text([] { ProcessPlace::from_environment(); }, ErrorKind::kUsage),
              HasSubstr("WORLD_SIZE: expected a number from 1"));
  variables.set("WORLD_SIZE", "3");
  EXPECT_THAT(error_text([] { ProcessPlace::from_environment(); }, ErrorKind::kUsage),
              HasSubstr("RANK: expected a number from 0 to 2"));
  variables.set("WORLD_SIZE", "8");
  EXPECT_THAT(error_text([] { ProcessPlace::from_environment(); }, ErrorKind::kUsage),
              HasSubstr("MASTER_ADDR"));
  variables.set("MASTER_ADDR", "node1");
  variables.set("MASTER_PORT", "29x");
  EXPECT_THAT(error_text([] { ProcessPlace::from_environment(); }, ErrorKind::kUsage),
              HasSubstr("MASTER_PORT: expected a number"));
  variables.set("MASTER_PORT", "29500");
  variables.set("LOCAL_RANK", "1");
  const ProcessPlace place = ProcessPlace::from_environment();
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.world, 8);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.host, "node1");
  EXPECT_EQ(place.port, 29500);
}

/// From the mean picture of a clip to its mean mel frame, with neither dropout nor batch norm.
class PlainTask final : public Task {
 public:
  PlainTask() {
    const at::NoGradGuard no_grad;
    for (const Tensor& parameter : net->parameters())
      parameter.fill_(0.01);
  }
  torch::nn::Module& module() override { return *net; }
  Losses losses(const data::Batch& batch, double /*progress*/) override {
    if (before_step)
      before_step(calls++);
    const Tensor mean = batch.faces.to(at::kFloat).div(255).mean(2);
    const Tensor output = net->forward(at::adaptive_avg_pool2d(mean, {4, 4}).flatten(1));
    const Tensor mel = at::mse_loss(output, batch.mel.mean(1));
    return {mel, {{"mel", mel}}};
  }
  std::map<std::string, double> validate(const std::filesystem::path& /*samples*/) override {
    return {{"toy", 1}};
  }
  std::string best_score() const override { return "toy"; }

  torch::nn::Linear net{16, 80};
  std::function<void(int)> before_step;
  int calls = 0;
};

constexpr int kStopped = 130;

/// Trains six updates in `folder`/`run` on `folder`/corpus.
TrainOutcome train_plainly(const std::filesystem::path& folder,
                           const std::string& run,
                           std::int64_t batch_size,
                           const std::shared_ptr<const ProcessGroup>& group,
                           const std::function<void(int)>& before_step) {
  PlainTask task;
  task.before_step = before_step;
  data::LoaderConfig config;
  config.batch_size = batch_size;
  config.rank = group->rank();
  config.world = group->world();
  data::Loader loader(
      folder / "corpus", data::read_manifest(folder / "corpus/manifest.jsonl"), config);
  Trainer::Setup setup;
  setup.config = {.steps = 6, .learning_rate = 1e-2, .warmup_steps = 2, .ema = 0.9};
  setup.run.path = folder / run;
  setup.processes = group;
  Trainer trainer(task, loader, setup);
  if (std::filesystem::exists(setup.run.last()))
    trainer.resume();
  return trainer.run();
}

/// What a child does: trains, and at the third update meets the fate it is told.
TEST(ProcessGroupChild, Trains) {
  const char* const told = std::getenv("LIPSOUND2_TEST_FATE");
  if (told == nullptr)
    GTEST_SKIP() << "only for processes started by other tests";
  const std::string fate = told;
  try {
    const auto group = std::make_shared<const ProcessGroup>(ProcessPlace::from_environment());
    const auto before_step = [&](int call) {
      if (call == 2 && fate != "none")
        ::raise(fate == "kill" ? SIGKILL : SIGTERM);
    };
    const TrainOutcome outcome = train_plainly(std::getenv("LIPSOUND2_TEST_FOLDER"),
                                               std::getenv("LIPSOUND2_TEST_RUN"),
                                               /*batch_size=*/2,
                                               group,
                                               before_step);
    std::exit(outcome == TrainOutcome::kFinished ? 0 : kStopped);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(exit_code(error.kind()));
  }
}

class ProcessGroupTraining : public ::testing::Test {
 protected:
  ProcessGroupTraining() {
    lipsound2::testing::write_toy_corpus(folder_ / "corpus", /*clips=*/8, /*frames=*/10);
  }

  struct Codes {
    int first = 0;
    int second = 0;
    bool operator==(const Codes&) const = default;
  };

  /// Trains by two processes, of which the second one meets its fate.
  Codes train_by_two(const std::string& run, const std::string& fate) const {
    const std::string port = std::to_string(free_port());
    const auto child = [&](int rank, const std::string& its_fate) {
      const std::string number = std::to_string(rank);
      return "env RANK=" + number + " WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" + port +
             " LIPSOUND2_TEST_FATE=" + its_fate + " LIPSOUND2_TEST_FOLDER='" +
             folder_.path().string() + "' LIPSOUND2_TEST_RUN=" + run + " '" + program() +
             "' --gtest_filter=ProcessGroupChild.Trains > '" + output(rank).string() + "' 2>&1";
    };
    const std::string codes = (folder_ / "codes").string();
    const int status = std::system((child(0, "none") + " & " + child(1, fate) +
                                    "; second=$?; wait $!; echo $? $second > '" + codes + "'")
                                       .c_str());
    EXPECT_EQ(status, 0);
    Codes found;
    std::ifstream(codes) >> found.first >> found.second;
    return found;
  }
  std::filesystem::path output(int rank) const {
    return folder_ / ("output" + std::to_string(rank));
  }
  TensorFile last(const std::string& run) const {
    return load_tensors(RunFolder{folder_ / run}.last());
  }

  lipsound2::testing::TemporaryFolder folder_;

 private:
  static std::string program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }
};

TEST_F(ProcessGroupTraining, OfTwoEqualsOneProcessWithTwiceTheBatch) {
  EXPECT_EQ(train_by_two("two", "none"), (Codes{0, 0})) << read_file(output(0));
  train_plainly(
      folder_.path(), "one", /*batch_size=*/4, std::make_shared<const ProcessGroup>(), nullptr);

  const TensorFile one = last("one");
  const TensorFile two = last("two");
  ASSERT_EQ(one.tensors.size(), two.tensors.size());
  for (const auto& [name, tensor] : one.tensors)
    EXPECT_LT((tensor - two.tensors.at(name)).abs().max().item<double>(), 1e-5) << name;
  EXPECT_EQ(one.metadata.at("trainer"), two.metadata.at("trainer"));
  EXPECT_GT((two.tensors.at("model.weight") - 0.01).abs().max().item<double>(), 1e-3);
}

TEST_F(ProcessGroupTraining, EndsWithAnErrorWhenAProcessIsKilled) {
  const Codes codes = train_by_two("run", "kill");

  EXPECT_EQ(codes.second, 128 + SIGKILL);
  EXPECT_EQ(codes.first, exit_code(ErrorKind::kIo));
  EXPECT_THAT(read_file(output(0)), HasSubstr("process 1 of 2 has ended"));
}

TEST_F(ProcessGroupTraining, StopsByASignalToOneAndGoesOnAsIfNothingHadHappened) {
  EXPECT_EQ(train_by_two("stopped", "stop"), (Codes{kStopped, kStopped}));
  EXPECT_THAT(last("stopped").metadata.at("trainer"), HasSubstr("\"step\":3}"));
  EXPECT_EQ(train_by_two("stopped", "none"), (Codes{0, 0})) << read_file(output(0));
  EXPECT_EQ(train_by_two("through", "none"), (Codes{0, 0})) << read_file(output(0));

  EXPECT_EQ(read_file(RunFolder{folder_ / "stopped"}.last()),
            read_file(RunFolder{folder_ / "through"}.last()));
}

TEST_F(ProcessGroupTraining, RefusesProcessesThatAreNotAtTheSameStep) {
  train_plainly(folder_.path(),
                "far",
                /*batch_size=*/2,
                std::make_shared<const ProcessGroup>(),
                /*before_step=*/nullptr);
  const auto train = [&](const ProcessPlace& place) {
    // The second one finds no checkpoint, as if it saw another file system.
    train_plainly(folder_.path(),
                  place.rank == 0 ? "far" : "elsewhere",
                  /*batch_size=*/2,
                  std::make_shared<const ProcessGroup>(place),
                  /*before_step=*/nullptr);
  };
  in_group(2, [&](const ProcessPlace& place) {
    EXPECT_THAT(
        error_text([&] { train(place); }, place.rank == 0 ? ErrorKind::kIo : ErrorKind::kConfig),
        HasSubstr(place.rank == 0 ? "process 1 of 2 has ended"
                                  : "process 1 is at step 0, process 0 at step 6"));
  });
}

}  // namespace
}  // namespace lipsound2::train
