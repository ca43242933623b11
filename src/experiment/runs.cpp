#include "lipsound2/experiment/runs.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "lipsound2/asr/alphabet.h"
#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/log.h"
#include "lipsound2/experiment/mel_files.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

using RunTest = std::function<bool(const train::RunFolder&)>;

bool has_checkpoint(const train::RunFolder& run) {
  return fs::exists(run.best()) || fs::exists(run.last());
}

// What decides which weights fit: all of a network's config but dropout and loss.
std::vector<config::FieldLine> shape_of(const ExperimentConfig& config) {
  if (config.task == "vocoder")
    return config::list_fields(config.vocoder.network);
  if (config.task == "asr") {
    asr::JasperConfig network = config.asr.network;
    network.prologue_dropout_percent = network.epilogue_dropout_percent = 0;
    network.dropout_percent.assign(network.kernels.size(), 0);
    return config::list_fields(network);
  }
  lip2mel::Lip2MelConfig network = config.lip2mel;
  network.loss = {};
  network.encoder.dropout = network.postnet.dropout = 0;
  network.decoder.prenet_dropout = network.decoder.lstm_dropout = 0;
  return config::list_fields(network);
}

// The config of a run that has weights; none where there is none that this version understands.
std::optional<ExperimentConfig> config_of(const train::RunFolder& run) {
  if (!has_checkpoint(run) || !fs::exists(run.config()))
    return std::nullopt;
  try {
    return config::read_yaml<ExperimentConfig>(run.config());
  } catch (const Error& error) {
    log::warn("{}: not looked at: {}", run.path.string(), error.what());
    return std::nullopt;
  }
}

// Has it weights, of a network for this task?
RunTest trained_for(const std::string& task) {
  return [task](const train::RunFolder& run) {
    const auto config = config_of(run);
    return config && config->task == task;
  };
}

// The number of a stage's folder, such as 2 of "2-finetune_grid"; 0 for any other folder.
int stage_number(const fs::path& folder) {
  const std::string name = folder.filename().string();
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && *end == '-' ? number : 0;
}

// All runs in runs/, stages of chains too.
std::vector<train::RunFolder> all_runs() {
  std::vector<train::RunFolder> runs;
  std::error_code missing;
  for (const auto& item : fs::directory_iterator("runs", missing)) {
    if (!item.is_directory())
      continue;
    runs.push_back({item.path()});
    const auto stages = stage_runs(item.path());
    runs.insert(runs.end(), stages.begin(), stages.end());
  }
  return runs;
}

train::RunFolder newest(const RunTest& accepted, const std::string& what) {
  train::RunFolder best;
  fs::file_time_type newest_time = fs::file_time_type::min();
  for (const train::RunFolder& run : all_runs()) {
    if (!accepted(run))
      continue;
    const auto time = fs::last_write_time(fs::exists(run.last()) ? run.last() : run.best());
    if (best.path.empty() || time > newest_time) {
      newest_time = time;
      best = run;
    }
  }
  require(!best.path.empty(),
          ErrorKind::kUsage,
          "runs/: there is no {} here; name one, or train first",
          what);
  return best;
}

std::vector<train::Misfit> take_best_weights(torch::nn::Module& network,
                                             const train::TensorFile& content,
                                             const fs::path& file,
                                             Mismatched mismatched) {
  const std::string prefix = train::best_weights(content);
  if (mismatched == Mismatched::kSkipped)
    return train::load_fitting_weights(network, content, prefix, file.string());
  train::load_weights(network, content, prefix, file.string());
  return {};
}

using Metadata = std::map<std::string, std::string>;

// The config in the metadata of a checkpoint.
ExperimentConfig any_config_in(const Metadata& metadata, const fs::path& file) {
  const auto stored = metadata.find("config");
  require(stored != metadata.end(),
          ErrorKind::kData,
          "{}: expected the config in the metadata, found none; not a checkpoint of lipsound2",
          file.string());
  return config::read_yaml_text<ExperimentConfig>(stored->second, file.string());
}

// The same of a checkpoint that must be of this task.
ExperimentConfig config_in(const Metadata& metadata,
                           const fs::path& file,
                           const std::string& task) {
  auto config = any_config_in(metadata, file);
  require(config.task == task,
          ErrorKind::kUsage,
          "{}: expected a checkpoint of task {}, found one of {}",
          file.string(),
          task,
          config.task);
  return config;
}

// What load_network(), load_vocoder() and load_recognizer() share.
template <class Network, class Make>
Trained<Network> load_trained(const std::string& run_or_checkpoint,
                              const std::string& task,
                              Make&& make) {
  Trained<Network> trained;
  trained.checkpoint = find_checkpoint(run_or_checkpoint, task);
  const train::TensorFile content = train::load_tensors(trained.checkpoint);
  trained.config = config_in(content.metadata, trained.checkpoint, task);
  trained.network = make(trained.config);
  take_best_weights(*trained.network, content, trained.checkpoint, Mismatched::kRefused);
  trained.device = choose_device(trained.config);
  trained.network->to(torch::Device(trained.device));
  trained.network->eval();
  return trained;
}

// A run, or the last stage of a chain that is trained for the task.
train::RunFolder run_in(const fs::path& folder, const std::string& task) {
  const auto stages = stage_runs(folder);
  const auto last = std::find_if(stages.rbegin(), stages.rend(), trained_for(task));
  return last == stages.rend() ? train::RunFolder{folder} : *last;
}

}  // namespace

std::vector<train::RunFolder> stage_runs(const fs::path& folder) {
  std::vector<train::RunFolder> runs;
  std::error_code missing;
  for (const auto& item : fs::directory_iterator(folder, missing))
    if (stage_number(item.path()) > 0 && fs::exists(train::RunFolder{item.path()}.config()))
      runs.push_back({item.path()});
  std::ranges::sort(runs, {}, [](const train::RunFolder& run) { return stage_number(run.path); });
  return runs;
}

train::RunFolder latest_run(const std::string& task) {
  return newest(trained_for(task), fmt::format("run of task {} with a checkpoint", task));
}

train::RunFolder latest_pretraining(const ExperimentConfig& goal) {
  const auto fits = [&](const train::RunFolder& run) {
    const auto config = config_of(run);
    return config && config->task == goal.task && config->from.empty() &&
           config::differences(shape_of(*config), shape_of(goal)).empty();
  };
  return newest(fits, "pre-training run whose network has the sizes of " + goal.name);
}

train::RunFolder find_run(const std::string& name, const std::string& task) {
  if (name.empty())
    return latest_run(task);
  for (const fs::path& folder : {fs::path(name), fs::path("runs") / name})
    if (fs::is_directory(folder))
      return run_in(folder, task);
  fail(ErrorKind::kUsage, "{}: no such run folder (and none of that name in runs/)", name);
}

fs::path find_checkpoint(const std::string& name, const std::string& task) {
  if (!name.empty() && fs::is_regular_file(name))
    return name;
  const train::RunFolder run = find_run(name, task);
  require(has_checkpoint(run),
          ErrorKind::kUsage,
          "{}: holds no checkpoint yet ({} is missing)",
          run.path.string(),
          run.best().string());
  return fs::exists(run.best()) ? run.best() : run.last();
}

std::vector<train::Misfit> load_best_weights(torch::nn::Module& network,
                                             const fs::path& checkpoint,
                                             Mismatched mismatched) {
  return take_best_weights(network, train::load_tensors(checkpoint), checkpoint, mismatched);
}

TrainedNetwork load_network(const std::string& run_or_checkpoint) {
  return load_trained<lip2mel::Lip2Mel>(run_or_checkpoint, "lip2mel", [](const auto& config) {
    return lip2mel::Lip2Mel(config.lip2mel);
  });
}

TrainedVocoder load_vocoder(const std::string& run_or_checkpoint) {
  return load_trained<vocoder::WaveGlow>(run_or_checkpoint, "vocoder", [](const auto& config) {
    return vocoder::WaveGlow(config.vocoder.network, config.audio);
  });
}

TrainedRecognizer load_recognizer(const std::string& run_or_checkpoint) {
  return load_trained<asr::Jasper>(run_or_checkpoint, "asr", [](const auto& config) {
    return asr::Jasper(config.asr.network, asr::Alphabet::parse(config.asr.symbols).outputs());
  });
}

std::string task_of(const std::string& name) {
  if (fs::is_regular_file(name))
    return any_config_in(train::load_metadata(name), name).task;
  for (const char* task : {"lip2mel", "asr", "vocoder"}) {
    const auto config = config_of(find_run(name, task));
    if (config)
      return config->task;
  }
  fail(ErrorKind::kUsage, "{}: holds no run with a checkpoint yet", name);
}

ExperimentConfig stored_config(const std::string& run_or_checkpoint, const std::string& task) {
  const fs::path checkpoint = find_checkpoint(run_or_checkpoint, task);
  return config_in(train::load_metadata(checkpoint), checkpoint, task);
}

Voice load_voice(const std::string& name,
                 const ExperimentConfig& config,
                 const VoiceChoice& choice) {
  if (name == "griffin-lim") {
    require(!choice.sigma && !choice.mel_steps,
            ErrorKind::kUsage,
            "griffin-lim draws no noise and keeps the mel: it has neither sigma nor mel steps");
    return {config.audio,
            std::make_shared<vocoder::GriffinLim>(config.audio, config.eval.griffin_lim)};
  }
  TrainedVocoder trained = load_vocoder(name);
  vocoder::WaveGlowSoundConfig sound = trained.config.vocoder.sound;
  sound.sigma = choice.sigma.value_or(sound.sigma);
  sound.mel_steps = choice.mel_steps.value_or(sound.mel_steps);
  return {
      trained.config.audio,
      std::make_shared<vocoder::WaveGlowVocoder>(
          std::move(trained.network), trained.config.audio, sound, torch::Device(trained.device))};
}

std::shared_ptr<const vocoder::Vocoder> make_vocoder(const std::string& name,
                                                     const ExperimentConfig& config) {
  const Voice voice = load_voice(name, config);
  require_same_mels(config.audio, config.name, voice.mel, name);
  return voice.vocoder;
}

}  // namespace lipsound2::experiment
