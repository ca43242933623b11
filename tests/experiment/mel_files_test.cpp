#include "lipsound2/experiment/mel_files.h"

#include <limits>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/shard.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/training.h"
#include "lipsound2/train/checkpoint.h"

#include "support/error_text.h"
#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A lip2mel run on the toy corpus, which has three training clips and one to validate.
class MelFiles : public ::testing::Test {
 protected:
  MelFiles() {
    run_training(load_config(tiny_.config("lips.yaml"), {}), {tiny_ / "lips"}, Start::kNew);
  }

  std::size_t write(const std::string& folder, lip2mel::DecoderFeed feed) const {
    return write_mels({.run = (tiny_ / "lips").string(),
                       .manifest = "",
                       .splits = {"train", "valid"},
                       .feed = feed},
                      tiny_ / folder);
  }
  Tensor mel(const std::string& folder, const std::string& id) const {
    return read_mel(tiny_ / folder / (id + ".safetensors"), audio::MelConfig{});
  }

  TinyRuns tiny_;
};

TEST_F(MelFiles, OfASplitHaveTheFramesOfTheirSounds) {
  EXPECT_EQ(write("forced", lip2mel::DecoderFeed::kTruth), 4U);
  EXPECT_EQ(write("again", lip2mel::DecoderFeed::kTruth), 4U);
  EXPECT_EQ(write("free", lip2mel::DecoderFeed::kOwnOutput), 4U);

  EXPECT_FALSE(fs::exists(tiny_ / "forced/toy/clip4.safetensors"));  // a test clip
  for (const char* id : {"toy/clip0", "toy/clip1", "toy/clip2", "toy/clip3"}) {
    EXPECT_EQ(mel("forced", id).sizes(), (std::vector<std::int64_t>{100, 80})) << id;
    EXPECT_TRUE(torch::equal(mel("forced", id), mel("again", id))) << id;
    EXPECT_FALSE(torch::allclose(mel("forced", id), mel("free", id), 0, 1e-3)) << id;
  }
}

TEST_F(MelFiles, FineTuneAVocoderTogetherWithTheTrueSounds) {
  write("mels", lip2mel::DecoderFeed::kTruth);
  const std::string voice =
      "task: vocoder\n"
      "data: {manifest: " +
      (tiny_ / "corpus/manifest.jsonl").string() +
      ", batch_size: 2}\n"
      "vocoder:\n"
      "  network: {group: 16, flows: 2, channels: 8, layers: 2, mel_path: linear}\n"
      "train: {steps: 4, warmup_steps: 0, validate_every: 4, save_every: 4}\n";
  run_training(load_config(tiny_.file("voice.yaml", voice), {}), {tiny_ / "voice"}, Start::kNew);
  ExperimentConfig config = load_config((tiny_ / "voice.yaml").string(), {});
  config.from = (tiny_ / "voice").string();
  config.vocoder.mels = (tiny_ / "mels").string();

  EXPECT_EQ(run_training(config, {tiny_ / "tuned"}, Start::kNew), train::TrainOutcome::kFinished);

  EXPECT_THAT(read_file(train::RunFolder{tiny_ / "tuned"}.log()),
              HasSubstr("starting from the weights of"));
  const auto before = train::load_tensors(train::RunFolder{tiny_ / "voice"}.last()).tensors;
  const auto after = train::load_tensors(train::RunFolder{tiny_ / "tuned"}.last()).tensors;
  const std::string weight = "model.WN.0.in_layers.0.weight_v";
  EXPECT_FALSE(torch::equal(before.at(weight), after.at(weight)));
  EXPECT_TRUE(torch::allclose(before.at(weight), after.at(weight), 0, 0.02));
}

TEST(ReadMel, RefusesWhatIsNoMelOfTheVocoder) {
  const lipsound2::testing::TemporaryFolder folder;
  const auto complaint = [&](const train::TensorFile& content) -> std::string {
    train::save_tensors(folder / "x.safetensors", content);
    try {
      read_mel(folder / "x.safetensors", audio::MelConfig{});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const Tensor mel = torch::zeros({10, 80});
  const Tensor broken = mel.clone();
  broken[4][7] = std::numeric_limits<float>::quiet_NaN();

  EXPECT_THAT(complaint({{{"mel", mel}}, {{"audio", "hop: 256"}}}), HasSubstr("hop: 256"));
  EXPECT_THAT(complaint({{{"sound", mel}}, {}}), HasSubstr("expected a tensor named 'mel'"));
  EXPECT_THAT(complaint({{{"mel", mel.narrow(0, 0, 0)}}, {{"audio", "hop: 160"}}}),
              HasSubstr("x.safetensors: the mel has no frames"));
  EXPECT_THAT(complaint({{{"mel", mel.t().contiguous()}}, {{"audio", "hop: 160"}}}),
              HasSubstr("x.safetensors: expected a mel of 80 bands [M, 80], found 80 x 10"));
  EXPECT_THAT(
      complaint({{{"mel", broken}}, {{"audio", "hop: 160"}}}),
      HasSubstr("x.safetensors: the mel holds NaN or infinite values in 1 of 10 frames, the "
                "first of them 4"));
  EXPECT_EQ(complaint({{{"mel", mel}}, {{"audio", "hop: 160"}}}), "");
}

}  // namespace
}  // namespace lipsound2::experiment
