#include <memory>

#include <nlohmann/json.hpp>

#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"
#include "lipsound2/experiment/chain.h"
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
  bool skip_mismatched = false;
  bool resume = false;
  std::string json;
  std::shared_ptr<const train::ProcessGroup> processes;

  std::vector<config::Override> changes() const { return {overrides.begin(), overrides.end()}; }
  experiment::Start start() const {
    return resume ? experiment::Start::kResume : experiment::Start::kNew;
  }
  /// The run's folder, when `name` is that of the config.
  train::RunFolder folder(const std::string& name) const {
    return {run.empty() ? std::filesystem::path("runs") / name : std::filesystem::path(run)};
  }
};

void add_common_flags(CLI::App& command, TrainFlags& flags) {
  command
      .add_option("--set",
                  flags.overrides,
                  "a config key and its value: key=value; of one stage of a chain: "
                  "stage:key=value (repeatable)")
      ->type_name("[STAGE:]KEY=VALUE");
  command.add_option("--run", flags.run, "run folder (default: runs/<name of the config>)")
      ->type_name("DIR");
  add_json_flag(command, flags.json);
  command.add_flag("--resume", flags.resume, "go on from the run's last checkpoint");
}

// Finds the other processes of this training, if there are any; they only warn.
void join_others(TrainFlags& flags) {
  flags.processes =
      std::make_shared<const train::ProcessGroup>(train::ProcessPlace::from_environment());
  if (!flags.processes->leads())
    log::set_level(log::Level::kWarn);
  if (flags.processes->world() > 1)
    log::info("{} processes train together", flags.processes->world());
}

void stop_if_interrupted(train::TrainOutcome outcome) {
  if (outcome != train::TrainOutcome::kInterrupted)
    return;
  log::info("stopped and saved; go on with the same command and --resume");
  throw CLI::RuntimeError(kStoppedBySignal);
}

nlohmann::ordered_json described(const train::RunFolder& run, const std::string& task) {
  return {{"run", run.path.string()},
          {"checkpoint", experiment::find_checkpoint(run.path.string(), task).string()}};
}

void run_config(const TrainFlags& flags, const experiment::ExperimentConfig& config) {
  const train::RunFolder run = flags.folder(config.name);
  stop_if_interrupted(experiment::run_training(config, run, flags.start(), flags.processes));
  if (!flags.processes->leads())
    return;
  const auto result = described(run, config.task);
  write_json(flags.json, result);
  fmt::print("{}\n", result["checkpoint"].get<std::string>());
}

void run_stages(const TrainFlags& flags, const experiment::Chain& chain) {
  const auto folder = flags.folder(chain.name).path;
  stop_if_interrupted(experiment::run_chain(chain, folder, flags.start(), flags.processes));
  if (!flags.processes->leads())
    return;
  nlohmann::ordered_json results{{"run", folder.string()}};
  for (const experiment::Stage& stage : chain.stages)
    results["stages"].push_back(described({folder / stage.folder}, stage.config.task));
  write_json(flags.json, results);
  fmt::print("{}\n", results["stages"].back()["checkpoint"].get<std::string>());
}

void train_config(TrainFlags& flags) {
  join_others(flags);
  if (const auto chain = experiment::load_chain(flags.config, flags.changes()))
    run_stages(flags, *chain);
  else
    run_config(flags, experiment::load_config(flags.config, flags.changes()));
}

// Makes the config start from other weights: those named, else those of the latest pre-training.
void start_from(experiment::ExperimentConfig& config, const TrainFlags& flags) {
  config.skip_mismatched |= flags.skip_mismatched;
  if (flags.resume)
    return;
  if (!flags.from.empty())
    config.from = flags.from;
  if (config.from.empty())
    config.from = experiment::latest_pretraining(config).path.string();
  config.from = experiment::find_checkpoint(config.from, config.task).string();
}

void finetune(TrainFlags& flags) {
  join_others(flags);
  if (auto chain = experiment::load_chain(flags.config, flags.changes())) {
    start_from(chain->stages.front().config, flags);
    run_stages(flags, *chain);
    return;
  }
  auto config = experiment::load_config(flags.config, flags.changes());
  start_from(config, flags);
  run_config(flags, config);
}

}  // namespace

void add_train(CLI::App& program) {
  auto* command =
      program.add_subcommand("train", "train what a config describes, or a chain of them");
  const auto flags = std::make_shared<TrainFlags>();
  command->add_option("--config", flags->config, "YAML file, or the name of one that is installed")
      ->required()
      ->type_name("FILE");
  add_common_flags(*command, *flags);
  command->callback([flags] { train_config(*flags); });
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
  command->add_flag("--skip-mismatched",
                    flags->skip_mismatched,
                    "take what fits of weights that do not all fit, and list the rest");
  add_common_flags(*command, *flags);
  command->callback([flags] { finetune(*flags); });
}

}  // namespace lipsound2::cli
