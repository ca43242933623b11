#include "lipsound2/experiment/chain.h"

#include <algorithm>

#include "lipsound2/asr/alphabet.h"
#include "lipsound2/asr/jasper.h"
#include "lipsound2/config/chain.h"
#include "lipsound2/core/error.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/lip2mel/lip2mel.h"
#include "lipsound2/train/checkpoint.h"
#include "lipsound2/vocoder/waveglow.h"

#include "problem_list.h"

namespace lipsound2::experiment {

namespace fs = std::filesystem;
namespace {

// A stage before its config is read.
struct StageFile {
  fs::path file;
  std::string name;
  std::vector<config::Override> overrides;
};

fs::path find_stage_file(const config::ChainEntry& entry, const fs::path& chain) {
  for (const std::string& name : {entry.config, entry.config + ".yaml"})
    if (fs::is_regular_file(chain.parent_path() / name))
      return chain.parent_path() / name;
  return find_config(entry.config);
}

// The key `name` of a config that may yet turn out to be wrong elsewhere, else the file's name.
std::string name_in(const fs::path& file, const std::vector<config::Override>& overrides) {
  std::string name;
  config::YamlReader reader(file, overrides);
  reader.field("name", name, "");
  return name.empty() ? file.stem().string() : name;
}

std::vector<StageFile> find_stage_files(const std::vector<config::ChainEntry>& entries,
                                        const fs::path& chain) {
  std::vector<StageFile> files;
  ProblemList problems;
  for (const config::ChainEntry& entry : entries)
    problems.collect(chain.string(), [&] {
      const fs::path file = find_stage_file(entry, chain);
      const std::string name = name_in(file, entry.overrides);
      require(name.find_first_of("/:") == std::string::npos,
              ErrorKind::kConfig,
              "a stage cannot be called {}",
              name);
      require(
          std::ranges::none_of(files, [&](const StageFile& other) { return other.name == name; }),
          ErrorKind::kConfig,
          "two stages are called {}; give one another name, such as {{config: {}, set: {{name: "
          "{}-again}}}}",
          name,
          entry.config,
          name);
      files.push_back({file, name, entry.overrides});
    });
  problems.raise();
  return files;
}

std::string names_of(const std::vector<StageFile>& files) {
  std::string names;
  for (const StageFile& file : files)
    names += (names.empty() ? "" : ", ") + file.name;
  return names;
}

// Gives "stage:key=value" to the stage, and what names no stage to all.
void distribute(std::vector<StageFile>& files, const std::vector<config::Override>& overrides) {
  for (const config::Override& change : overrides) {
    const auto colon = change.text.substr(0, change.text.find('=')).find(':');
    const bool to_all = colon == std::string::npos;
    const std::string stage = to_all ? "" : change.text.substr(0, colon);
    const config::Override own(to_all ? change.text : change.text.substr(colon + 1), change.origin);
    bool taken = false;
    for (StageFile& file : files)
      if (to_all || file.name == stage) {
        file.overrides.push_back(own);
        taken = true;
      }
    require(taken,
            ErrorKind::kConfig,
            "{} {}: no stage is called {}; the stages are {}",
            change.origin,
            change.text,
            stage,
            names_of(files));
  }
}

std::vector<Stage> read_stages(const std::vector<StageFile>& files) {
  std::vector<Stage> stages;
  ProblemList problems;
  for (const StageFile& file : files) {
    Stage& stage = stages.emplace_back();
    stage.name = file.name;
    stage.folder = fmt::format("{}-{}", stages.size(), file.name);
    problems.collect("stage " + stage.folder, [&] {
      stage.config = config::read_yaml<ExperimentConfig>(file.file, file.overrides);
      stage.config.name = file.name;
    });
  }
  problems.raise();
  return stages;
}

// A stage starts from the one that its `from` names, else from the last one of its task.
void link_stages(std::vector<Stage>& stages) {
  for (auto stage = stages.begin(); stage != stages.end(); ++stage) {
    for (auto other = stages.begin(); other != stage; ++other)
      if (stage->config.from.empty() ? other->config.task == stage->config.task
                                     : other->name == stage->config.from)
        stage->after = other->folder;
    if (!stage->after.empty())
      stage->config.from.clear();
    const auto lips = std::find_if(stages.begin(), stage, [&](const Stage& other) {
      return other.name == stage->config.asr.lips;
    });
    if (lips != stage) {
      stage->lips = lips->folder;
      stage->config.asr.lips.clear();
    }
  }
}

// The weights of this network, as a checkpoint holds them.
train::TensorFile as_checkpoint(const torch::nn::Module& network) {
  train::TensorFile content;
  for (const auto& [name, tensor] : train::module_tensors(network))
    content.tensors["model." + name] = tensor;
  return content;
}

// Symbols that are not known before the training texts are read are those of the stage before, too.
std::int64_t outputs_of(const AsrConfig& config) {
  if (!config.symbols.empty())
    return asr::Alphabet::parse(config.symbols).outputs();
  constexpr std::int64_t kUnknown = 2;
  return config.alphabet == AlphabetKind::kEnglish ? asr::Alphabet::english().outputs() : kUnknown;
}

// The network that the stage trains.
std::shared_ptr<torch::nn::Module> network_of(const ExperimentConfig& config) {
  if (config.task == "vocoder")
    return vocoder::WaveGlow(config.vocoder.network, config.audio).ptr();
  if (config.task == "asr")
    return asr::Jasper(config.asr.network, outputs_of(config.asr)).ptr();
  return lip2mel::Lip2Mel(config.lip2mel).ptr();
}

void check_networks(const std::vector<Stage>& stages) {
  ProblemList problems;
  std::map<std::string, train::TensorFile> checkpoints;  // by the folder of their stage
  for (const Stage& stage : stages)
    problems.collect("stage " + stage.folder, [&] {
      const auto network = network_of(stage.config);
      checkpoints[stage.folder] = as_checkpoint(*network);
      train::check_parts(*network, stage.config.train);
      if (!stage.after.empty() && !stage.config.skip_mismatched)
        train::load_weights(
            *network, checkpoints[stage.after], "model.", "the weights of " + stage.after);
    });
  problems.raise();
}

}  // namespace

std::optional<Chain> load_chain(const std::string& name,
                                const std::vector<config::Override>& overrides) {
  const fs::path file = find_config(name);
  const auto entries = config::read_chain(file);
  if (!entries)
    return std::nullopt;
  std::vector<StageFile> files = find_stage_files(*entries, file);
  distribute(files, overrides);
  Chain chain{file.stem().string(), read_stages(files)};
  link_stages(chain.stages);
  check_networks(chain.stages);
  return chain;
}

}  // namespace lipsound2::experiment
