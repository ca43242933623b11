#include "lipsound2/experiment/training.h"

#include <algorithm>

#include <torch/torch.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/data/device_prefetcher.h"
#include "lipsound2/experiment/asr_task.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/generated_corpus.h"
#include "lipsound2/experiment/lip2mel_task.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/vocoder_task.h"

#include "sound_segments.h"
#include "speech_batches.h"
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

// The weights of the run that the config names, if it names one. Returns what was left out.
std::vector<train::Misfit> take_origin(torch::nn::Module& network, const ExperimentConfig& config) {
  if (config.from.empty())
    return {};
  return load_best_weights(network,
                           find_checkpoint(config.from, config.task),
                           config.skip_mismatched ? Mismatched::kSkipped : Mismatched::kRefused);
}

// New weights: from another run where the config names one, else drawn by the seed, with the mel
// statistics of the training clips. Returns what was left out of the other run's.
std::vector<train::Misfit> initialize(lip2mel::Lip2Mel& network,
                                      const ExperimentConfig& config,
                                      const fs::path& manifest) {
  std::vector<train::Misfit> left_out = take_origin(*network, config);
  const bool has_statistics =
      !config.from.empty() && std::ranges::none_of(left_out, [](const train::Misfit& misfit) {
        return misfit.name == "mel_mean" || misfit.name == "mel_deviation";
      });
  if (!has_statistics) {
    const audio::MelStats stats = measure_mels(manifest, config);
    network->set_mel_statistics(stats.mean, stats.deviation);
  }
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

void log_start(const torch::nn::Module& network, const std::string& device, std::size_t clips) {
  double parameters = 0, trained = 0;
  for (const Tensor& parameter : network.parameters()) {
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

// What the trainer works on.
struct StageParts {
  std::unique_ptr<data::BatchSource> batches;
  std::unique_ptr<train::Task> task;
  std::vector<train::Misfit> left_out = {};  ///< of the weights it starts from
  std::size_t clips = 0;
  std::string warning = "";  ///< what was odd about the clips
};

enum class Weights { kNew, kResumed };

StageParts lip2mel_parts(const ExperimentConfig& config,
                         const std::string& device,
                         Weights weights) {
  const fs::path manifest = find_manifest(config);
  const auto clips = training_clips(manifest);
  lip2mel::Lip2Mel network(config.lip2mel);
  train::check_parts(*network, config.train);
  StageParts parts;
  if (weights == Weights::kNew)
    parts.left_out = initialize(network, config, manifest);
  data::LoaderConfig loader = training_loader(config);
  loader.pictures = data::pictures_for(device);
  parts.batches = std::make_unique<data::Loader>(manifest.parent_path(), clips, loader);
  parts.task = std::make_unique<Lip2MelTask>(network, config, manifest, device);
  parts.clips = clips.size();
  return parts;
}

StageParts vocoder_parts(const ExperimentConfig& config,
                         const std::string& device,
                         Weights weights) {
  const std::vector<SoundClip> clips = sound_clips(config, "train");
  vocoder::WaveGlow network(config.vocoder.network, config.audio);
  train::check_parts(*network, config.train);
  StageParts parts;
  if (weights == Weights::kNew && config.from.empty())
    whiten_by_sounds(network, clips, config);
  if (weights == Weights::kNew)
    parts.left_out = take_origin(*network, config);
  parts.batches = std::make_unique<SoundSegments>(clips, config);
  parts.task = std::make_unique<VocoderTask>(network, config, device);
  parts.clips = clips.size();
  return parts;
}

StageParts asr_parts(const ExperimentConfig& config, const std::string& device, Weights weights) {
  const std::vector<SpeechClip> clips = speech_clips(config, "train");
  check_speech(clips, config);
  asr::Jasper network(config.asr.network, asr::Alphabet::parse(config.asr.symbols).outputs());
  train::check_parts(*network, config.train);
  StageParts parts;
  if (weights == Weights::kNew)
    parts.left_out = take_origin(*network, config);
  parts.batches = std::make_unique<SpeechBatches>(clips, config);
  parts.task = std::make_unique<AsrTask>(network, config, device);
  parts.warning = describe_unknown_letters(speech_clips(config, "valid"), config);
  parts.clips = clips.size();
  return parts;
}

StageParts stage_parts(const ExperimentConfig& config, const std::string& device, Weights weights) {
  if (config.task == "vocoder")
    return vocoder_parts(config, device, weights);
  if (config.task == "asr")
    return asr_parts(config, device, weights);
  return lip2mel_parts(config, device, weights);
}

// The config of what the stage trains on: with asr.lips a corpus in the run's folder, whose sound
// is generated unless it is there already.
ExperimentConfig with_generated_sound(ExperimentConfig config, const train::RunFolder& run) {
  if (config.task != "asr" || config.asr.lips.empty())
    return config;
  const fs::path folder = run.path / "generated";
  if (!fs::exists(folder / "manifest.jsonl"))
    generate_corpus({.run = config.asr.lips,
                     .manifest = config.data.manifest,
                     .splits = {"train", "valid"},
                     .out = folder});
  choose_device(config);  // again, for its threads: the other network has set its own
  config.data.manifest = (folder / "manifest.jsonl").string();
  return config;
}

// So that the run can be evaluated from anywhere.
void make_paths_absolute(ExperimentConfig& config) {
  if (config.vocoder.sounds.empty() || config.task != "vocoder")
    config.data.manifest = find_manifest(config).string();
  const auto make_absolute = [](std::string& path) {
    if (!path.empty())
      path = fs::absolute(path).lexically_normal().string();
  };
  make_absolute(config.vocoder.sounds);
  make_absolute(config.vocoder.mels);
  if (!config.asr.lips.empty())
    config.asr.lips = find_checkpoint(config.asr.lips, "lip2mel").string();
  make_absolute(config.asr.lips);
  std::ranges::for_each(config.asr.more_manifests, make_absolute);
}

}  // namespace

void check_start(const ExperimentConfig& config) {
  choose_device(config);
  if (config.task == "lip2mel") {
    training_clips(find_manifest(config));
    return;
  }
  if (config.task == "asr") {
    for (const char* split : {"train", "valid"})
      speech_clips(config, split);
    if (!config.asr.lips.empty())
      find_checkpoint(config.asr.lips, "lip2mel");
    return;
  }
  for (const char* split : {"train", "valid"})
    sound_clips(config, split);
}

train::TrainOutcome run_training(ExperimentConfig config,
                                 const train::RunFolder& run,
                                 Start start) {
  const std::string device = choose_device(config);
  make_paths_absolute(config);
  if (start == Start::kNew)
    refuse_existing(run);
  else
    config = resumed(config, run);
  if (config.task == "asr")
    config = with_symbols(config);
  const ExperimentConfig heard = with_generated_sound(config, run);

  // A run that was stopped before its first checkpoint is begun again: all that is random is drawn
  // from the seed.
  const bool fresh = !fs::exists(run.last());
  torch::manual_seed(static_cast<std::uint64_t>(config.seed));
  const Weights weights = fresh ? Weights::kNew : Weights::kResumed;
  const StageParts parts = stage_parts(heard, device, weights);
  open_run(config, run);
  if (fresh) {
    fs::remove(run.events());
    log_origin(config, parts.left_out);
  }
  train::Trainer trainer(*parts.task,
                         *parts.batches,
                         {.config = config.train,
                          .run = run,
                          .resolved_config = as_yaml(config),
                          .device = device,
                          .seed = static_cast<std::uint64_t>(config.seed),
                          .metadata = {}});
  log_start(parts.task->module(), device, parts.clips);
  if (!parts.warning.empty())
    log::warn("{}", parts.warning);
  if (!fresh)
    trainer.resume();
  return trainer.run();
}

}  // namespace lipsound2::experiment
