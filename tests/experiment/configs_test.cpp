#include <algorithm>
#include <cmath>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "lipsound2/experiment/chain.h"
#include "lipsound2/experiment/find_config.h"

#include "tiny_runs.h"

namespace lipsound2::experiment {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> all_configs() {
  std::vector<std::string> names;
  for (const auto& item : fs::directory_iterator(LIPSOUND2_SOURCE_DIR "/configs"))
    if (item.is_regular_file())
      names.push_back(item.path().stem().string());
  std::ranges::sort(names);
  return names;
}

fs::path file_of(const std::string& config) {
  return fs::path(LIPSOUND2_SOURCE_DIR "/configs") / (config + ".yaml");
}

// Sizes at which two updates take a second. All else stays as the config says.
std::vector<config::Override> shrunk(const fs::path& manifest) {
  return {"data.manifest=" + manifest.string(),
          "data.batch_size=2",
          "data.threads=1",
          "device=cpu",
          "lip2mel.encoder.channels=[2, 4, 4, 4]",
          "lip2mel.encoder.lstm=4",
          "lip2mel.decoder.prenet=8",
          "lip2mel.decoder.attention={dim: 8, location_filters: 2, location_kernel: 7}",
          "lip2mel.decoder.attention_lstm=8",
          "lip2mel.decoder.decoder_lstm=8",
          "lip2mel.postnet.channels=4",
          "vocoder.network.channels=4",
          "vocoder.network.layers=2",
          "vocoder.segment_frames=20",
          "asr.network={repeats: 1, kernels: [3], channels: [4], dropout_percent: [0], "
          "prologue_channels: 4, epilogue_channels: 4, last_channels: 4}",
          "asr.symbols=' 0123456789cilp'",  // of the toy corpus
          "train.steps=2",
          "train.max_minutes=0",
          "train.log_every=1",
          "eval={validation_clips: 1, draws: 1, griffin_lim: {iterations: 1}}"};
}

void expect_two_updates(const train::RunFolder& run) {
  std::vector<double> losses;
  std::istringstream events(read_file(run.events()));
  for (std::string line; std::getline(events, line);)
    if (const auto event = nlohmann::json::parse(line); event.contains("loss"))
      losses.push_back(event.at("loss").is_null() ? std::nan("") : event.at("loss").get<double>());
  EXPECT_EQ(losses.size(), 2U) << run.path;
  EXPECT_TRUE(std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); }));
  EXPECT_TRUE(fs::exists(run.best())) << run.path;
}

using InstalledConfigs = ::testing::TestWithParam<std::string>;

TEST_P(InstalledConfigs, TrainTwoUpdatesAtASmallSize) {
  const TinyRuns tiny;
  const auto overrides = shrunk(tiny / "corpus/manifest.jsonl");
  const std::string file = file_of(GetParam()).string();
  const auto chain = load_chain(file, overrides);
  if (!chain) {
    const auto config = load_config(file, overrides);
    EXPECT_EQ(config.name, GetParam());
    run_training(config, {tiny / "run"}, Start::kNew);
    return expect_two_updates({tiny / "run"});
  }
  run_chain(*chain, tiny / "run", Start::kNew);
  for (const Stage& stage : chain->stages)
    expect_two_updates({tiny / "run" / stage.folder});
}

std::vector<std::string> manifests_in(const std::string& file) {
  const auto chain = load_chain(file, {});
  if (!chain)
    return {load_config(file, {}).data.manifest};
  std::vector<std::string> manifests;
  for (const Stage& stage : chain->stages)
    manifests.push_back(stage.config.data.manifest);
  return manifests;
}

// A config that names a corpus says how it is prepared.
TEST_P(InstalledConfigs, TellHowTheirCorpusIsPrepared) {
  const std::string file = file_of(GetParam()).string();
  const std::string text = read_file(file);
  for (const std::string& manifest : manifests_in(file)) {
    if (!manifest.empty()) {
      EXPECT_THAT(text,
                  ::testing::ContainsRegex("lipsound2 prepare .*--out " +
                                           fs::path(manifest).parent_path().string()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryFile,
                         InstalledConfigs,
                         ::testing::ValuesIn(all_configs()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace lipsound2::experiment
