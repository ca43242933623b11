#include "lipsound2/experiment/training.h"

#include <algorithm>

#include <torch/torch.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/lip2mel_task.h"
#include "lipsound2/experiment/runs.h"

#include "stored_config.h"

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
  for (const fs::path& folder : {run.path, run.last().parent_path(), run.samples()}) {
    make_folder(folder);
    remove_temporaries(folder);
  }
  write_file(run.config(), as_yaml(config));
  log::also_to(run.log());
}

void measure_statistics(lip2mel::Lip2Mel& network,
                        const ExperimentConfig& config,
                        const fs::path& manifest) {
  const audio::MelStats stats = measure_mels(manifest, config);
  network->set_mel_statistics(stats.mean, stats.deviation);
}

// New weights: from another run where the config names one, else drawn by the seed, with the mel
// statistics of the training clips. Returns what was left out of the other run's.
std::vector<train::Misfit> initialize(lip2mel::Lip2Mel& network,
                                      const ExperimentConfig& config,
                                      const fs::path& manifest) {
  std::vector<train::Misfit> left_out;
  if (!config.from.empty())
    left_out =
        load_best_weights(network,
                          find_checkpoint(config.from),
                          config.skip_mismatched ? Mismatched::kSkipped : Mismatched::kRefused);
  const bool has_statistics =
      !config.from.empty() && std::ranges::none_of(left_out, [](const train::Misfit& misfit) {
        return misfit.name == "mel_mean" || misfit.name == "mel_deviation";
      });
  if (!has_statistics)
    measure_statistics(network, config, manifest);
  return left_out;
}

void log_origin(const ExperimentConfig& config, const std::vector<train::Misfit>& left_out) {
  if (config.from.empty())
    return;
  log::info("starting from the weights of {}", config.from);
  std::string list;
  for (const train::Misfit& misfit : left_out)
    list += "\n  " + misfit.reason;
  if (!left_out.empty())
    log::warn("{} tensors of {} do not fit the network and are left out:{}",
              left_out.size(),
              config.from,
              list);
}

void log_start(const lip2mel::Lip2Mel& network, const std::string& device, std::size_t clips) {
  double parameters = 0, trained = 0;
  for (const Tensor& parameter : network->parameters()) {
    const auto count = static_cast<double>(parameter.numel());
    parameters += count;
    trained += parameter.requires_grad() ? count : 0;
  }
  log::info("{} training clips; {:.2f} million parameters on {}{}",
            clips,
            parameters * 1e-6,
            device,
            trained < parameters
                ? fmt::format(", of which {:.2f} million are trained", trained * 1e-6)
                : "");
}

// The training split; says now, not at the first validation, when there is no valid split.
data::ClipList training_clips(const fs::path& manifest) {
  const auto clips = data::ClipList::read(manifest);
  clips.split("valid", manifest);
  return clips.split("train", manifest);
}

}  // namespace

void check_start(const ExperimentConfig& config) {
  choose_device(config);
  training_clips(find_manifest(config));
}

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
  train::check_parts(*network, config.train);
  std::vector<train::Misfit> left_out;
  if (fresh)
    left_out = initialize(network, config, manifest);
  open_run(config, run);
  if (fresh) {
    fs::remove(run.events());
    log_origin(config, left_out);
  }

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
  log_start(network, device, clips.size());
  if (!fresh)
    trainer.resume();
  return trainer.run();
}

}  // namespace lipsound2::experiment
