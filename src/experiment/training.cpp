#include "lipsound2/experiment/training.h"

#include <torch/torch.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/lip2mel_task.h"
#include "lipsound2/experiment/runs.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

std::string as_yaml(const ExperimentConfig& config) {
  return config::to_yaml(config::list_fields(config));
}

void refuse_existing(const train::RunFolder& run) {
  require(!fs::exists(run.config()) && !fs::exists(run.last()),
          ErrorKind::kUsage,
          "{}: already holds a run; continue it with --resume, or name another folder with --run",
          run.path.string());
}

void open_run(const ExperimentConfig& config, const train::RunFolder& run) {
  make_folder(run.last().parent_path());
  remove_temporaries(run.last().parent_path());
  make_folder(run.samples());
  write_file(run.config(), as_yaml(config));
  log::also_to(run.log());
}

// What may change between two sittings of a run: how long it goes on, and where things are.
bool may_differ(const std::string& difference) {
  for (const char* key : {"train.steps:",
                          "train.max_minutes:",
                          "train.log_every:",
                          "train.validate_every:",
                          "train.save_every:",
                          "data.manifest:",
                          "data.threads:",
                          "device:",
                          "threads:"})
    if (difference.rfind(key, 0) == 0)
      return true;
  return false;
}

// What the run goes on with: `config`, which may differ from the stored one only as may_differ()
// says.
ExperimentConfig resumed(ExperimentConfig config, const train::RunFolder& run) {
  require(fs::exists(run.config()),
          ErrorKind::kUsage,
          "{}: nothing to resume, {} is missing",
          run.path.string(),
          run.config().string());
  const auto stored = config::read_yaml<ExperimentConfig>(run.config());
  config.from = stored.from;  // where the run once started does not matter any more
  std::string refused;
  for (const std::string& difference :
       config::differences(config::list_fields(stored), config::list_fields(config))) {
    if (may_differ(difference))
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

// New weights: from another run where the config names one, else drawn by the seed, with the mel
// statistics of the training clips.
void initialize(lip2mel::Lip2Mel& network,
                const ExperimentConfig& config,
                const fs::path& manifest) {
  if (!config.from.empty()) {
    const fs::path checkpoint = find_checkpoint(config.from);
    load_best_weights(network, train::load_tensors(checkpoint), checkpoint);
    return;
  }
  const audio::MelStats stats = measure_mels(manifest, config);
  network->set_mel_statistics(stats.mean, stats.deviation);
}

void log_start(const lip2mel::Lip2Mel& network, const std::string& device, std::size_t clips) {
  std::int64_t parameters = 0;
  for (const Tensor& parameter : network->parameters())
    parameters += parameter.numel();
  log::info("{} training clips; {:.2f} million parameters on {}",
            clips,
            static_cast<double>(parameters) * 1e-6,
            device);
}

// The training split; says now, not at the first validation, when there is no valid split.
data::ClipList training_clips(const fs::path& manifest) {
  const auto clips = data::ClipList::read(manifest);
  clips.split("valid", manifest);
  return clips.split("train", manifest);
}

}  // namespace

train::TrainOutcome run_training(ExperimentConfig config,
                                 const train::RunFolder& run,
                                 Start start) {
  const std::string device = choose_device(config);
  const fs::path manifest = find_manifest(config);
  config.data.manifest = manifest.string();  // so that the run can be evaluated from anywhere
  const auto clips = training_clips(manifest);
  if (start == Start::kNew)
    refuse_existing(run);
  else
    config = resumed(config, run);

  // A run that was stopped before its first checkpoint is begun again: all that is random is drawn
  // from the seed.
  const bool fresh = !fs::exists(run.last());
  torch::manual_seed(static_cast<std::uint64_t>(config.seed));
  lip2mel::Lip2Mel network(config.lip2mel);
  if (fresh)
    initialize(network, config, manifest);
  open_run(config, run);
  if (fresh)
    fs::remove(run.events());
  if (fresh && !config.from.empty())
    log::info("starting from the weights of {}", config.from);
  network->to(torch::Device(device));
  log_start(network, device, clips.size());

  data::Loader loader(manifest.parent_path(), clips, training_loader(config));
  Lip2MelTask task(network, config, manifest, device);
  train::Trainer trainer(task,
                         loader,
                         {.config = config.train,
                          .run = run,
                          .resolved_config = as_yaml(config),
                          .device = device,
                          .seed = static_cast<std::uint64_t>(config.seed),
                          .metadata = {}});
  if (!fresh)
    trainer.resume();
  return trainer.run();
}

}  // namespace lipsound2::experiment
