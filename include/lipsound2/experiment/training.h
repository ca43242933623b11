#pragma once

#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::experiment {

enum class Start { kNew, kResume };

/// Trains the stage that `config` describes in the run folder. kNew refuses a folder that already
/// holds a run (kUsage); kResume goes on from its last checkpoint with the config stored there, and
/// refuses a config whose network differs (kConfig).
train::TrainOutcome run_training(ExperimentConfig config, const train::RunFolder& run, Start start);

}  // namespace lipsound2::experiment
