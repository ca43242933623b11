#pragma once

#include "lipsound2/experiment/experiment_config.h"

/// The config that a run keeps, and what may differ from it.
namespace lipsound2::experiment {

/// What the run goes on with: `config`, whose length, place and machine may differ from the stored
/// one's; where the run once started does not matter any more. Throws kUsage when the folder holds
/// no run, kConfig with all other differences.
ExperimentConfig resumed(ExperimentConfig config, const train::RunFolder& run);

/// Throws kConfig when `config` differs from the stored one in more than place and machine: for a
/// run that is over, on which others build.
void refuse_changes(ExperimentConfig config, const train::RunFolder& run);

}  // namespace lipsound2::experiment
