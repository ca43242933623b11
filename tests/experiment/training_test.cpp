#include "lipsound2/experiment/training.h"

#include <algorithm>
#include <sstream>

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"

#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Frozen {
  const char* part;
  const char* trained;  // a parameter before it, whose gradient comes through the part
};

using FreezingNetwork = ::testing::TestWithParam<Frozen>;

// Gradients must pass parts that have none themselves and are in evaluation mode.
TEST_P(FreezingNetwork, LetsGradientsThrough) {
  torch::manual_seed(1);
  const auto config = load_config(LIPSOUND2_SOURCE_DIR "/configs/tiny.yaml", {});
  lip2mel::Lip2Mel network(config.lip2mel);
  network->train();
  for (auto& item : network->named_modules())
    if (item.key() == GetParam().part) {
      item.value()->eval();
      for (Tensor& parameter : item.value()->parameters())
        parameter.set_requires_grad(false);
    }
  const Tensor faces = torch::randint(0, 256, {2, 1, 6, 32, 32}, torch::kUInt8);
  const Tensor lengths = torch::tensor({6, 4});
  const Tensor mel = torch::randn({2, 24, 80});
  const auto output = network->forward(faces, lengths, mel, lip2mel::DecoderFeed::kTruth);

  network->losses(output, lengths, mel, /*progress=*/0).total.backward();

  for (const auto& item : network->named_parameters()) {
    EXPECT_EQ(item.value().grad().defined(), item.value().requires_grad()) << item.key();
    if (item.key() == GetParam().trained) {
      EXPECT_GT(item.value().grad().abs().sum().item<float>(), 0) << item.key();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    EveryPart,
    FreezingNetwork,
    ::testing::Values(Frozen{"encoder", "decoder.attention_rnn.weight_ih"},
                      Frozen{"encoder.lstm", "encoder.convolutions.0.0.conv.weight"},
                      Frozen{"encoder.convolutions.1", "encoder.convolutions.0.0.conv.weight"},
                      Frozen{"decoder", "encoder.lstm.weight_ih_l0"},
                      Frozen{"decoder.attention_rnn", "encoder.lstm.weight_ih_l0"},
                      Frozen{"postnet", "decoder.linear_projection.linear_layer.weight"}));

std::vector<double> losses_of(const train::RunFolder& run) {
  std::vector<double> losses;
  std::istringstream events(read_file(run.events()));
  for (std::string line; std::getline(events, line);)
    if (const auto event = nlohmann::json::parse(line); event.contains("loss"))
      losses.push_back(event.at("loss"));
  return losses;
}

// A network that has learned, and a goal with larger pictures and fewer mel bands.
class OtherSizesLearns : public ::testing::Test {
 protected:
  OtherSizesLearns() {
    tiny_.config("old.yaml", "train: {steps: 30}\n");
    tiny_.config("new.yaml",
                 "data: {faces: {size: 64, resize_to: 64}}\n"
                 "audio: {bands: 40}\n"
                 "lip2mel: {encoder: {face_size: 64}, decoder: {bands: 40}}\n"
                 "train: {steps: 60, learning_rate: 3.0e-3, validate_every: 60, save_every: 60,\n"
                 "        freeze: [encoder.convolutions]}\n");
    run_training(load_config((tiny_ / "old.yaml").string(), {}), {tiny_ / "old"}, Start::kNew);
  }

  ExperimentConfig goal(const std::vector<config::Override>& overrides) const {
    ExperimentConfig config = load_config((tiny_ / "new.yaml").string(), overrides);
    config.from = (tiny_ / "old").string();
    return config;
  }

  TinyRuns tiny_;
};

TEST_F(OtherSizesLearns, FromWhatFitsOfTheWeights) {
  const train::RunFolder run{tiny_ / "new"};

  run_training(goal({"skip_mismatched=true"}), run, Start::kNew);

  const auto before = train::load_tensors(train::RunFolder{tiny_ / "old"}.best()).tensors;
  const auto after = train::load_tensors(run.last()).tensors;
  const std::string kept = "model.encoder.convolutions.2.0.conv.weight";
  EXPECT_TRUE(at::equal(before.at(kept), after.at(kept)));
  EXPECT_GT(after.at("model.mel_deviation").min().item<float>(), 0);
  EXPECT_LT(after.at("model.mel_mean").max().item<float>(),
            0);  // of log mels, not the zeros of old
  EXPECT_THAT(read_file(run.log()),
              AllOf(HasSubstr("do not fit the network and are left out"),
                    HasSubstr("mismatched: model.encoder.lstm.weight_ih_l0, expected Float [64, "
                              "32], found Float [64, 8]"),
                    HasSubstr("mismatched: model.mel_mean, expected Float [40], found Float [80]"),
                    HasSubstr("million are trained")));
  const auto losses = losses_of(run);
  ASSERT_EQ(losses.size(), 60U);
  EXPECT_LT(losses.back(), 0.8 * losses.front());
}

TEST_F(OtherSizesLearns, NotUnlessTheUserSaysSo) {
  try {
    run_training(goal({}), {tiny_ / "new"}, Start::kNew);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("mismatched: model.mel_mean, expected Float [40]"));
  }
  EXPECT_FALSE(fs::exists(tiny_ / "new"));
}

/// A process that ends in the middle of writing the file.
void write_half_and_die(const fs::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path);
    file.write("half");
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST(Training, LeavesNoFileOfAKilledWriterBehind) {
  const TinyRuns tiny;
  const train::RunFolder run{tiny / "run"};
  const auto config = load_config(tiny.config("a.yaml"), {});
  run_training(config, run, Start::kNew);
  for (const char* file : {"checkpoints/last.safetensors", "config.yaml"})
    write_half_and_die(run.path / file);
  const auto files = lipsound2::testing::files_below(run.path);
  ASSERT_TRUE(std::any_of(files.begin(), files.end(), [](const auto& file) {
    return file.first.find(".tmp") != std::string::npos;
  }));

  run_training(config, run, Start::kResume);

  for (const auto& [name, bytes] : lipsound2::testing::files_below(run.path))
    EXPECT_THAT(name, ::testing::Not(HasSubstr(".tmp")));
}

TEST(TrainingFault, NamesPartsThatDoNotExistBeforeAnythingIsWritten) {
  const TinyRuns tiny;

  try {
    run_training(load_config(tiny.config("a.yaml"), {"train.freeze=[encoder.gru]"}),
                 {tiny / "run"},
                 Start::kNew);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    EXPECT_STREQ(error.what(),
                 "train.freeze: the network has no part 'encoder.gru'; there are "
                 "encoder.convolutions, encoder.lstm");
  }
  EXPECT_FALSE(fs::exists(tiny / "run"));
}

}  // namespace
}  // namespace lipsound2::experiment
