#include "lipsound2/experiment/chain.h"

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"

#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> values_of(const Chain& chain, std::string Stage::* value) {
  std::vector<std::string> values;
  for (const Stage& stage : chain.stages)
    values.push_back(stage.*value);
  return values;
}

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() {
    tiny_.config("first.yaml");
    tiny_.config("second.yaml", "seed: 2\n");
  }

  std::string chain_file(const std::string& stages) const {
    return tiny_.file("chain.yaml", "stages:\n" + stages);
  }
  std::string two_stages() const { return chain_file("  - first.yaml\n  - second.yaml\n"); }

  std::string load_error(const std::string& file,
                         const std::vector<config::Override>& overrides = {}) const {
    try {
      load_chain(file, overrides);
    } catch (const Error& error) {
      message_kind_ = error.kind();
      return error.what();
    }
    return "no error";
  }
  std::string run_error(const Chain& chain, Start start) const {
    try {
      run_chain(chain, tiny_ / "run", start);
    } catch (const Error& error) {
      message_kind_ = error.kind();
      return error.what();
    }
    return "no error";
  }
  train::RunFolder run(const std::string& stage) const { return {tiny_ / "run" / stage}; }

  TinyRuns tiny_;
  mutable ErrorKind message_kind_ = ErrorKind::kIo;
};

using ChainFault = ChainTest;

TEST_F(ChainTest, NumbersItsStagesAndLinksThem) {
  const auto chain = load_chain(two_stages(), {});

  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->name, "chain");
  EXPECT_THAT(values_of(*chain, &Stage::folder), ElementsAre("1-first", "2-second"));
  EXPECT_THAT(values_of(*chain, &Stage::after), ElementsAre("", "1-first"));
  EXPECT_EQ(chain->stages[1].config.seed, 2);
  EXPECT_EQ(chain->stages[1].config.name, "second");
}

TEST_F(ChainTest, IsNotWhatAnyOtherConfigIs) {
  EXPECT_FALSE(load_chain((tiny_ / "first.yaml").string(), {}));
}

TEST_F(ChainTest, StartsFromAnEarlierStageThatIsNamed) {
  const auto chain =
      load_chain(chain_file("  - {config: first.yaml, set: {from: some/run}}\n"
                            "  - second\n"
                            "  - {config: second.yaml, set: {name: third, from: first}}\n"
                            "  - {config: second.yaml, set: {name: fourth, from: other/run}}\n"),
                 {});

  EXPECT_THAT(values_of(*chain, &Stage::after), ElementsAre("", "1-first", "1-first", ""));
  EXPECT_EQ(chain->stages[0].config.from, "some/run");
  EXPECT_EQ(chain->stages[2].config.from, "");
  EXPECT_EQ(chain->stages[3].config.from, "other/run");
}

TEST_F(ChainTest, GivesAnOverrideToTheStageItNamesOrToAll) {
  const auto chain =
      load_chain(chain_file("  - {config: first.yaml, set: {train.steps: 5, seed: 9}}\n"
                            "  - second.yaml\n"),
                 {"seed=7", "second:train.steps=6", "train.warmup_steps=1"});

  EXPECT_EQ(chain->stages[0].config.train.steps, 5);
  EXPECT_EQ(chain->stages[1].config.train.steps, 6);
  for (const Stage& stage : chain->stages) {
    EXPECT_EQ(stage.config.seed, 7);
    EXPECT_EQ(stage.config.train.warmup_steps, 1);
  }
}

TEST_F(ChainFault, ReportsTheProblemsOfAllStagesAtOnce) {
  tiny_.config("bad.yaml", "train: {steps: -1}\n");

  EXPECT_THAT(
      load_error(chain_file("  - bad.yaml\n"
                            "  - {config: second.yaml, set: {train.stpes: 3}}\n")),
      AllOf(HasSubstr("stage 1-bad: 1 problem"),
            HasSubstr("bad.yaml:2: train.steps must lie in"),
            HasSubstr("stage 2-second: 1 problem"),
            HasSubstr("chain.yaml:3: train.stpes is not a known key; did you mean `steps`?")));
  EXPECT_EQ(message_kind_, ErrorKind::kConfig);
}

TEST_F(ChainFault, NamesFilesThatAreMissingAndNamesThatAreTaken) {
  EXPECT_THAT(load_error(chain_file("  - nowhere.yaml\n  - first\n  - first.yaml\n")),
              AllOf(HasSubstr("nowhere.yaml: no such config file"),
                    HasSubstr("two stages are called first; give one another name")));
}

TEST_F(ChainFault, NamesTheStagesThatAnOverrideCouldMean) {
  EXPECT_THAT(
      load_error(two_stages(), {"secnd:seed=3"}),
      HasSubstr("--set secnd:seed=3: no stage is called secnd; the stages are first, second"));
}

TEST_F(ChainFault, NamesPartsThatDoNotExistAndWeightsThatDoNotFit) {
  const auto message = load_error(
      two_stages(), {"first:train.freeze=[encodr]", "second:lip2mel.decoder.decoder_lstm=24"});

  EXPECT_THAT(
      message,
      AllOf(HasSubstr("stage 1-first: train.freeze: the network has no part 'encodr'; there "
                      "are encoder, decoder, postnet"),
            HasSubstr("stage 2-second: the weights of 1-first: its tensors do not fit"),
            HasSubstr("mismatched: model.decoder.decoder_rnn.weight_ih")));
  EXPECT_TRUE(load_chain(
      two_stages(), {"second:lip2mel.decoder.decoder_lstm=24", "second:skip_mismatched=true"}));
}

TEST_F(ChainFault, ComparesTheNetworksThatTheTasksTrain) {
  const auto voice = [&](const std::string& name, int channels) {
    tiny_.file(name,
               fmt::format("task: vocoder\nvocoder: {{network: {{channels: {}, layers: 2}}}}\n",
                           channels));
  };
  voice("voice.yaml", 8);
  voice("wider.yaml", 16);

  const auto message =
      load_error(chain_file("  - voice.yaml\n  - wider.yaml\n"), {"voice:train.freeze=[encoder]"});

  EXPECT_THAT(message,
              AllOf(HasSubstr("stage 1-voice: train.freeze: the network has no part 'encoder'"),
                    HasSubstr("stage 2-wider: the weights of 1-voice: its tensors do not fit"),
                    HasSubstr("mismatched: model.WN.0.")));
}

TEST_F(ChainTest, RunsEachStageFromTheBestWeightsOfTheOneBefore) {
  const auto chain = load_chain(two_stages(), {"second:train.freeze=[encoder]"});

  EXPECT_EQ(run_chain(*chain, tiny_ / "run", Start::kNew), train::TrainOutcome::kFinished);

  const auto before = train::load_tensors(run("1-first").best());
  const auto after = train::load_tensors(run("2-second").last());
  const std::string frozen = "model.encoder.lstm.weight_ih_l0";
  const std::string trained = "model.decoder.linear_projection.linear_layer.weight";
  EXPECT_TRUE(at::equal(before.tensors.at(frozen), after.tensors.at(frozen)));
  EXPECT_FALSE(at::equal(before.tensors.at(trained), after.tensors.at(trained)));
  EXPECT_THAT(read_file(run("2-second").log()), HasSubstr("starting from the weights of"));
  EXPECT_THAT(read_file(run("1-first").log()), ::testing::Not(HasSubstr("starting from")));
}

TEST_F(ChainTest, GoesOnInTheMiddleAsIfNeverStopped) {
  const auto chain = load_chain(two_stages(), {});
  run_chain(*chain, tiny_ / "run", Start::kNew);
  const auto whole = lipsound2::testing::files_below(run("2-second").path / "checkpoints");
  const auto first = lipsound2::testing::files_below(run("1-first").path);

  // As after a kill before the first checkpoint of the second stage, and after one before its
  // start.
  for (const fs::path& lost : {run("2-second").path / "checkpoints", run("2-second").path}) {
    fs::remove_all(lost);
    EXPECT_EQ(run_chain(*chain, tiny_ / "run", Start::kResume), train::TrainOutcome::kFinished);
    EXPECT_EQ(lipsound2::testing::files_below(run("2-second").path / "checkpoints"), whole);
  }

  for (const auto& [name, bytes] : first) {
    if (name != "log.txt") {  // to which every sitting adds
      EXPECT_EQ(read_file(run("1-first").path / name), bytes) << name;
    }
  }
}

TEST_F(ChainFault, RefusesFoldersOfOtherRunsAndChangesOfWhatIsOver) {
  const auto chain = load_chain(two_stages(), {});
  EXPECT_THAT(run_error(*chain, Start::kResume), HasSubstr("nothing to resume"));
  run_chain(*chain, tiny_ / "run", Start::kNew);

  EXPECT_THAT(run_error(*chain, Start::kNew), HasSubstr("already holds the stage 1-first"));
  EXPECT_EQ(message_kind_, ErrorKind::kUsage);
  EXPECT_THAT(run_error(*load_chain(two_stages(), {"first:train.steps=9"}), Start::kResume),
              AllOf(HasSubstr("1-first: is over"), HasSubstr("train.steps: 4 became 9")));
  EXPECT_THAT(run_error(*load_chain(chain_file("  - second.yaml\n"), {}), Start::kResume),
              HasSubstr("1-first: is no stage of chain"));
}

TEST_F(ChainFault, NamesWhatALaterStageLacksBeforeTheFirstOneStarts) {
  const auto chain = load_chain(two_stages(), {"second:data.manifest=none/manifest.jsonl"});

  EXPECT_THAT(run_error(*chain, Start::kNew),
              HasSubstr("stage 2-second: data.manifest: none/manifest.jsonl: no such file"));
  EXPECT_FALSE(fs::exists(tiny_ / "run"));
}

// The runs below a folder of its own.
class RunsTest : public ChainTest {
 protected:
  RunsTest() { fs::current_path(tiny_.path()); }
  ~RunsTest() override { fs::current_path(former_); }

  void train(const std::string& name, const std::vector<config::Override>& overrides) const {
    const auto config = load_config((tiny_ / "first.yaml").string(), overrides);
    run_training(config, {fs::path("runs") / name}, Start::kNew);
  }

  fs::path former_ = fs::current_path();
};

TEST_F(RunsTest, AreFoundInsideChainsToo) {
  run_chain(*load_chain(two_stages(), {}), "runs/chain", Start::kNew);

  EXPECT_EQ(latest_run("lip2mel").path, "runs/chain/2-second");
  EXPECT_EQ(find_run("chain", "lip2mel").path, "runs/chain/2-second");
  EXPECT_EQ(latest_pretraining(load_config((tiny_ / "first.yaml").string(), {})).path,
            "runs/chain/1-first");
}

TEST_F(RunsTest, GivePretrainingOfTheSameSizesOnly) {
  train("fits", {"train.steps=2"});
  train("tuned", {"train.steps=2", "from=runs/fits"});
  train("smaller", {"train.steps=2", "lip2mel.postnet.channels=8"});
  fs::create_directories("runs/strange/checkpoints");
  tiny_.file("runs/strange/config.yaml", "vocoder: {flows: 12}\n");
  tiny_.file("runs/strange/checkpoints/last.safetensors", "");

  const auto goal = load_config((tiny_ / "first.yaml").string(), {"lip2mel.encoder.dropout=0.1"});
  EXPECT_EQ(latest_pretraining(goal).path, "runs/fits");
  EXPECT_THROW(
      latest_pretraining(load_config((tiny_ / "first.yaml").string(), {"lip2mel.encoder.lstm=8"})),
      Error);
}

TEST_F(RunsTest, OfAnotherTaskAreNotTaken) {
  train("first", {"train.steps=2"});
  const auto made_vocoder = [this](const std::string& name, const std::string& from) {
    auto config = load_config((tiny_ / "first.yaml").string(), {});
    config.task = "vocoder";
    config.from = from;
    fs::create_directories(fs::path("runs") / name / "checkpoints");
    tiny_.file("runs/" + name + "/config.yaml", config::to_yaml(config::list_fields(config)));
    tiny_.file("runs/" + name + "/checkpoints/last.safetensors", "");
    return config;
  };
  const auto vocoder = made_vocoder("voice", "");
  made_vocoder("tuned_voice", "runs/voice");

  EXPECT_EQ(latest_run("lip2mel").path, "runs/first");
  EXPECT_EQ(latest_run("vocoder").path, "runs/tuned_voice");
  EXPECT_EQ(latest_pretraining(vocoder).path, "runs/voice");
  EXPECT_EQ(latest_pretraining(load_config((tiny_ / "first.yaml").string(), {})).path,
            "runs/first");
  EXPECT_THROW(latest_run("asr"), Error);
}

}  // namespace
}  // namespace lipsound2::experiment
