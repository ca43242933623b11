#include "lipsound2/experiment/runs.h"

#include <functional>

#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

using RunTest = std::function<bool(const train::RunFolder&)>;

bool has_checkpoint(const train::RunFolder& run) {
  return fs::exists(run.best()) || fs::exists(run.last());
}

// What decides which weights fit: all of a network's config but dropout and loss.
std::vector<config::FieldLine> shape_of(lip2mel::Lip2MelConfig network) {
  network.loss = {};
  network.encoder.dropout = network.postnet.dropout = 0;
  network.decoder.prenet_dropout = network.decoder.lstm_dropout = 0;
  return config::list_fields(network);
}

bool is_pretraining(const train::RunFolder& run, const lip2mel::Lip2MelConfig& network) {
  if (!has_checkpoint(run) || !fs::exists(run.config()))
    return false;
  const auto stored = config::read_yaml<ExperimentConfig>(run.config());
  return stored.from.empty() &&
         config::differences(shape_of(stored.lip2mel), shape_of(network)).empty();
}

train::RunFolder newest(const RunTest& accepted, const std::string& what) {
  train::RunFolder best;
  fs::file_time_type newest_time = fs::file_time_type::min();
  std::error_code missing;
  for (const auto& item : fs::directory_iterator("runs", missing)) {
    const train::RunFolder run{item.path()};
    if (!item.is_directory() || !accepted(run))
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

}  // namespace

train::RunFolder latest_run() {
  return newest(has_checkpoint, "run with a checkpoint");
}

train::RunFolder latest_pretraining(const ExperimentConfig& goal) {
  return newest([&](const train::RunFolder& run) { return is_pretraining(run, goal.lip2mel); },
                "pre-training run whose network has the sizes of " + goal.name);
}

train::RunFolder find_run(const std::string& name) {
  if (name.empty())
    return latest_run();
  for (const fs::path& folder : {fs::path(name), fs::path("runs") / name})
    if (fs::is_directory(folder))
      return {folder};
  fail(ErrorKind::kUsage, "{}: no such run folder (and none of that name in runs/)", name);
}

fs::path find_checkpoint(const std::string& name) {
  if (!name.empty() && fs::is_regular_file(name))
    return name;
  const train::RunFolder run = find_run(name);
  require(has_checkpoint(run),
          ErrorKind::kUsage,
          "{}: holds no checkpoint yet ({} is missing)",
          run.path.string(),
          run.best().string());
  return fs::exists(run.best()) ? run.best() : run.last();
}

void load_best_weights(lip2mel::Lip2Mel& network,
                       const train::TensorFile& content,
                       const fs::path& file) {
  const auto first_average = content.tensors.lower_bound("ema.");
  const bool averaged =
      first_average != content.tensors.end() && first_average->first.rfind("ema.", 0) == 0;
  train::load_weights(*network, content, averaged ? "ema." : "model.", file.string());
}

TrainedNetwork load_network(const std::string& run_or_checkpoint) {
  TrainedNetwork trained;
  trained.checkpoint = find_checkpoint(run_or_checkpoint);
  const train::TensorFile content = train::load_tensors(trained.checkpoint);
  const auto stored = content.metadata.find("config");
  require(stored != content.metadata.end(),
          ErrorKind::kData,
          "{}: expected the config in the metadata, found none; not a checkpoint of lipsound2",
          trained.checkpoint.string());
  trained.config =
      config::read_yaml_text<ExperimentConfig>(stored->second, trained.checkpoint.string());
  trained.network = lip2mel::Lip2Mel(trained.config.lip2mel);
  load_best_weights(trained.network, content, trained.checkpoint);
  trained.device = choose_device(trained.config);
  trained.network->to(torch::Device(trained.device));
  trained.network->eval();
  return trained;
}

}  // namespace lipsound2::experiment
