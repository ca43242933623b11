#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/training.h"

#include "commands.h"
#include "json_flag.h"

namespace lipsound2::cli {
namespace {

constexpr int kStoppedBySignal = 130;

struct TrainFlags {
  std::string config;
  std::vector<std::string> overrides;
  std::string run;
  std::string from;
  bool resume = false;
  std::string json;
};

void add_common_flags(CLI::App& command, TrainFlags& flags) {
  command
      .add_option("--set", flags.overrides, "a config key and its value: key=value (repeatable)")
      ->type_name("KEY=VALUE");
  command.add_option("--run", flags.run, "run folder (default: runs/<name of the config>)")
      ->type_name("DIR");
  add_json_flag(command, flags.json);
  command.add_flag("--resume", flags.resume, "go on from the run's last checkpoint");
}

void run_stage(const TrainFlags& flags, experiment::ExperimentConfig config) {
  const train::RunFolder run{flags.run.empty() ? std::filesystem::path("runs") / config.name
                                               : std::filesystem::path(flags.run)};
  const auto start = flags.resume ? experiment::Start::kResume : experiment::Start::kNew;
  if (experiment::run_training(config, run, start) == train::TrainOutcome::kInterrupted) {
    log::info("stopped and saved; go on with the same command and --resume");
    throw CLI::RuntimeError(kStoppedBySignal);
  }
  const auto checkpoint = std::filesystem::exists(run.best()) ? run.best() : run.last();
  write_json(flags.json, {{"run", run.path.string()}, {"checkpoint", checkpoint.string()}});
  fmt::print("{}\n", checkpoint.string());
}

void finetune(const TrainFlags& flags) {
  auto config = experiment::load_config(flags.config, flags.overrides);
  if (!flags.from.empty())
    config.from = flags.from;
  if (config.from.empty() && !flags.resume)
    config.from = experiment::latest_pretraining(config).path.string();
  if (!config.from.empty() && !flags.resume)
    config.from = experiment::find_checkpoint(config.from).string();
  run_stage(flags, config);
}

}  // namespace

void add_train(CLI::App& program) {
  auto* command = program.add_subcommand("train", "train the stage that a config describes");
  const auto flags = std::make_shared<TrainFlags>();
  command->add_option("--config", flags->config, "YAML file, or the name of one that is installed")
      ->required()
      ->type_name("FILE");
  add_common_flags(*command, *flags);
  command->callback(
      [flags] { run_stage(*flags, experiment::load_config(flags->config, flags->overrides)); });
}

void add_finetune(CLI::App& program) {
  auto* command = program.add_subcommand("finetune", "train from the weights of another run");
  const auto flags = std::make_shared<TrainFlags>();
  flags->config = "finetune_grid.yaml";
  command->add_option("--config", flags->config, "YAML file, or the name of one that is installed")
      ->capture_default_str()
      ->type_name("FILE");
  command
      ->add_option("--from",
                   flags->from,
                   "run or checkpoint to start from (default: the latest pre-training run)")
      ->type_name("RUN");
  add_common_flags(*command, *flags);
  command->callback([flags] { finetune(*flags); });
}

}  // namespace lipsound2::cli
