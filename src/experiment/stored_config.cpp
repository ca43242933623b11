#include "stored_config.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"

namespace lipsound2::experiment {
namespace {

using Keys = std::vector<std::string>;

const Keys kPlaceAndMachine = {"data.manifest",
                               "data.shards",
                               "data.threads",
                               "vocoder.sounds",
                               "vocoder.mels",
                               "device",
                               "threads"};
const Keys kLength = {"train.steps",
                      "train.max_minutes",
                      "train.log_every",
                      "train.validate_every",
                      "train.save_every"};

ExperimentConfig config_of_run(const train::RunFolder& run) {
  require(std::filesystem::exists(run.config()),
          ErrorKind::kUsage,
          "{}: nothing to resume, {} is missing",
          run.path.string(),
          run.config().string());
  return config::read_yaml<ExperimentConfig>(run.config());
}

bool is_of(const std::string& difference, const Keys& keys) {
  return std::ranges::any_of(
      keys, [&](const std::string& key) { return difference.starts_with(key + ":"); });
}

// The differences from the stored config, but those of what the run started from. Symbols that the
// config leaves open are those of the run.
std::vector<std::string> changes(ExperimentConfig& config, const ExperimentConfig& stored) {
  config.from = stored.from;
  config.skip_mismatched = stored.skip_mismatched;
  config.asr.lips = stored.asr.lips;
  if (config.asr.symbols.empty())
    config.asr.symbols = stored.asr.symbols;
  return config::differences(config::list_fields(stored), config::list_fields(config));
}

}  // namespace

ExperimentConfig resumed(ExperimentConfig config, const train::RunFolder& run) {
  std::string refused;
  for (const std::string& difference : changes(config, config_of_run(run))) {
    if (is_of(difference, kPlaceAndMachine) || is_of(difference, kLength))
      log::info("resume: {}", difference);
    else
      refused += "\n  " + difference;
  }
  require(refused.empty(),
          ErrorKind::kConfig,
          "{}: cannot resume with another config:{}",
          run.path.string(),
          refused);
  return config;
}

void refuse_changes(ExperimentConfig config, const train::RunFolder& run) {
  std::string refused;
  for (const std::string& difference : changes(config, config_of_run(run)))
    if (!is_of(difference, kPlaceAndMachine))
      refused += "\n  " + difference;
  require(refused.empty(),
          ErrorKind::kConfig,
          "{}: is over, and a later stage has begun; its config cannot change any more:{}",
          run.path.string(),
          refused);
}

}  // namespace lipsound2::experiment
