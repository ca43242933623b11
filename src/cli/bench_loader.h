#pragma once

#include <cstdint>
#include <string>

#include "lipsound2/experiment/experiment_config.h"

namespace lipsound2::cli {

/// Takes one epoch of at most `clips` training clips out of the loader of this config, beside bare
/// JPEG decoding of the same pictures with as many threads. Prints what came of it, and writes it
/// to the file `json` unless that is empty.
void bench_loader(const experiment::ExperimentConfig& config,
                  std::int64_t clips,
                  const std::string& json);

}  // namespace lipsound2::cli
