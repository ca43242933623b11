#pragma once

#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

enum class Start { kNew, kResume };

/// Throws what would keep a run with this config from starting: a device that is not there
/// (kConfig), a manifest that is missing or lacks a split (kData).
void check_start(const ExperimentConfig& config);

/// Trains the stage that `config` describes in the run folder. kNew refuses a folder that already
/// holds a run (kUsage); nothing is written before the weights to start from are there. kResume
/// goes on from the last checkpoint (from the beginning, if there is none yet) and refuses a config
/// that differs in more than length, place and machine (kConfig). Several processes make the same
/// call; the run folder must be on a file system that all of them see.
train::TrainOutcome run_training(ExperimentConfig config,
                                 const train::RunFolder& run,
                                 Start start,
                                 std::shared_ptr<const train::ProcessGroup> processes =
                                     std::make_shared<const train::ProcessGroup>());

}  // namespace lipsound2::experiment
