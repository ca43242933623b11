#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lipsound2/config/yaml.h"
#include "lipsound2/experiment/training.h"

namespace lipsound2::experiment {

/// One stage of a chain. What kind of work it is says `config.task`.
struct Stage {
  std::string name;
  std::string folder;  ///< of its run, in the chain's: number and name, such as "2-finetune_grid"
  std::string after;   ///< folder of the stage whose best weights it starts from; empty: none
  std::string lips = {};  ///< folder of the stage that asr.lips names; empty: none
  ExperimentConfig config = {};
};

/// Stages of training that run one after another (config/chain.h describes the file). Each starts
/// from the best weights of the last one before it that has its task; a stage whose `from` names an
/// earlier stage, from that one's.
struct Chain {
  std::string name;  ///< of the file
  std::vector<Stage> stages;
};

/// The chain of this name, found as find_config() does; nothing when the file is no chain. An
/// override "stage:key=value" changes the stage of that name, any other all stages. Config files
/// are looked for beside the chain first. Throws kConfig with every problem of every stage: in
/// its files, parts of the network that do not exist, and weights that cannot go into the next one.
std::optional<Chain> load_chain(const std::string& name,
                                const std::vector<config::Override>& overrides);

/// Runs the stages in order, each in its folder below `run`. kNew refuses a folder that holds a run
/// (kUsage). kResume goes on with the stage that was stopped, and does not repeat those before it.
/// What would keep a later stage from starting, such as a missing corpus, is reported before the
/// first one starts.
train::TrainOutcome run_chain(const Chain& chain,
                              const std::filesystem::path& run,
                              Start start,
                              const std::shared_ptr<const train::ProcessGroup>& processes =
                                  std::make_shared<const train::ProcessGroup>());

}  // namespace lipsound2::experiment
