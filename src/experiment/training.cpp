#include "lipsound2/experiment/training.h"

#include <algorithm>

#include <torch/torch.h>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/core/log.h"
#include "lipsound2/data/clip_list.h"
#include "lipsound2/data/device_prefetcher.h"
#include "lipsound2/data/sampler.h"
#include "lipsound2/experiment/asr_task.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/generated_corpus.h"
#include "lipsound2/experiment/lip2mel_task.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/vocoder_task.h"

#include "fetched_clips.h"
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

/// Those to begin with, or none since they come from a checkpoint or process 0.
enum class Weights { kNew, kGiven };

data::PlanSetup share_of(const train::ProcessGroup& processes, const ExperimentConfig& config) {
  return {config.data.batch_size, config.data.max_frames, processes.rank(), processes.world()};
}

// Where a process works.
struct Seat {
  std::string device;
  const train::ProcessGroup& processes;
  const train::RunFolder& run;
};

// On a machine with several GPUs each process has its own.
Seat seat_of(const train::ProcessGroup& processes,
             const train::RunFolder& run,
             const ExperimentConfig& config) {
  Seat seat{choose_device(config), processes, run};
  if (seat.device == "cpu" || processes.world() == 1 || torch::cuda::device_count() == 1)
    return seat;
  require(processes.local_rank() < static_cast<int>(torch::cuda::device_count()),
          ErrorKind::kUsage,
          "LOCAL_RANK: expected one of the {} GPUs of this machine, found {}",
          torch::cuda::device_count(),
          processes.local_rank());
  seat.device += fmt::format(":{}", processes.local_rank());
  return seat;
}

// The manifest of clips that can be read at random, for validation; only the first process
// validates.
fs::path validation_manifest(const ExperimentConfig& config, const Seat& seat) {
  const fs::path manifest = find_manifest(config);
  if (config.data.shards.empty() || !seat.processes.leads())
    return manifest;
  return fetch_clips(config, validation_clips(manifest, config), seat.run.path / "validation");
}

StageParts lip2mel_parts(const ExperimentConfig& config, const Seat& seat, Weights weights) {
  const fs::path manifest = find_manifest(config);
  const auto clips = training_clips(manifest);
  lip2mel::Lip2Mel network(config.lip2mel);
  train::check_parts(*network, config.train);
  StageParts parts;
  if (weights == Weights::kNew)
    parts.left_out = initialize(network, config, manifest);
  data::LoaderConfig loader = training_loader(config);
  loader.pictures = data::pictures_for(seat.device);
  loader.rank = seat.processes.rank();
  loader.world = seat.processes.world();
  parts.batches = std::make_unique<data::Loader>(manifest.parent_path(), clips, loader);
  parts.task = std::make_unique<Lip2MelTask>(
      network, config, validation_manifest(config, seat), seat.device);
  parts.clips = clips.size();
  return parts;
}

StageParts vocoder_parts(const ExperimentConfig& config, const Seat& seat, Weights weights) {
  const std::vector<SoundClip> clips = sound_clips(config, "train");
  vocoder::WaveGlow network(config.vocoder.network, config.audio);
  train::check_parts(*network, config.train);
  StageParts parts;
  if (weights == Weights::kNew && config.from.empty())
    whiten_by_sounds(network, clips, config);
  if (weights == Weights::kNew)
    parts.left_out = take_origin(*network, config);
  parts.batches = std::make_unique<SoundSegments>(clips, config, share_of(seat.processes, config));
  parts.task = std::make_unique<VocoderTask>(network, config, seat.device);
  parts.clips = clips.size();
  return parts;
}

StageParts asr_parts(const ExperimentConfig& config, const Seat& seat, Weights weights) {
  const std::vector<SpeechClip> clips = speech_clips(config, "train");
  check_speech(clips, config);
  asr::Jasper network(config.asr.network, asr::Alphabet::parse(config.asr.symbols).outputs());
  train::check_parts(*network, config.train);
  StageParts parts;
  if (weights == Weights::kNew)
    parts.left_out = take_origin(*network, config);
  parts.batches = std::make_unique<SpeechBatches>(clips, config, share_of(seat.processes, config));
  std::vector<SpeechClip> valid = speech_clips(config, "valid");
  parts.warning = describe_unknown_letters(valid, config);
  parts.task = std::make_unique<AsrTask>(network, config, std::move(valid), seat.device);
  parts.clips = clips.size();
  return parts;
}

StageParts stage_parts(const ExperimentConfig& config, const Seat& seat, Weights weights) {
  if (config.task == "vocoder")
    return vocoder_parts(config, seat, weights);
  if (config.task == "asr")
    return asr_parts(config, seat, weights);
  return lip2mel_parts(config, seat, weights);
}

// Vocoders and recognizers read clips at random: what data.shards brings from elsewhere is copied
// into the run's folder, by the first process.
ExperimentConfig with_clips_at_hand(ExperimentConfig config, const Seat& seat) {
  const bool streams = config.task == "lip2mel";
  const bool has_files = config.task == "vocoder" && !config.vocoder.sounds.empty();
  if (config.data.shards.empty() || streams || has_files)
    return config;
  const fs::path folder = seat.run.path / "clips";
  const fs::path manifest = find_manifest(config);
  if (seat.processes.leads())
    fetch_clips(
        config, data::ClipList::read(manifest).entries_of({"train", "valid"}, manifest), folder);
  seat.processes.wait_for_all();
  config.data.manifest = (folder / "manifest.jsonl").string();
  config.data.shards = "";
  return config;
}

// The config of what the stage trains on: with asr.lips a corpus in the run's folder, whose sound
// is generated, by the first process, unless it is there already.
ExperimentConfig with_generated_sound(ExperimentConfig config, const Seat& seat) {
  if (config.task != "asr" || config.asr.lips.empty())
    return config;
  const fs::path folder = seat.run.path / "generated";
  if (seat.processes.leads() && !fs::exists(folder / "manifest.jsonl"))
    generate_corpus({.run = config.asr.lips,
                     .manifest = config.data.manifest,
                     .splits = {"train", "valid"},
                     .out = folder});
  seat.processes.wait_for_all();
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
                                 Start start,
                                 std::shared_ptr<const train::ProcessGroup> processes) {
  const Seat seat = seat_of(*processes, run, config);
  make_paths_absolute(config);
  if (start == Start::kNew)
    refuse_existing(run);
  else
    config = resumed(config, run);
  if (config.task == "asr")
    config = with_symbols(config);
  processes->wait_for_all();  // all have looked at the folder before the first one writes there
  const ExperimentConfig heard = with_generated_sound(with_clips_at_hand(config, seat), seat);

  // A run that was stopped before its first checkpoint is begun again: all that is random is drawn
  // from the seed.
  const bool fresh = !fs::exists(run.last());
  torch::manual_seed(static_cast<std::uint64_t>(config.seed));
  const Weights weights = fresh && processes->leads() ? Weights::kNew : Weights::kGiven;
  const StageParts parts = stage_parts(heard, seat, weights);
  if (processes->leads())
    open_run(config, run);
  if (fresh && processes->leads()) {
    fs::remove(run.events());
    log_origin(config, parts.left_out);
  }
  train::Trainer trainer(*parts.task,
                         *parts.batches,
                         {.config = config.train,
                          .run = run,
                          .resolved_config = as_yaml(config),
                          .device = seat.device,
                          .seed = static_cast<std::uint64_t>(config.seed),
                          .metadata = {},
                          .processes = std::move(processes)});
  log_start(parts.task->module(), seat.device, parts.clips);
  if (!parts.warning.empty() && seat.processes.leads())
    log::warn("the validation texts: {}; each counts as an error", parts.warning);
  if (!fresh)
    trainer.resume();
  return trainer.run();
}

}  // namespace lipsound2::experiment
