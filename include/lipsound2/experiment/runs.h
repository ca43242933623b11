#pragma once

#include <string>

#include "lipsound2/experiment/experiment_config.h"
#include "lipsound2/train/checkpoint.h"

namespace lipsound2::experiment {

/// A trained lip2mel network with the config it was trained by.
struct TrainedNetwork {
  ExperimentConfig config;
  lip2mel::Lip2Mel network = nullptr;
  std::filesystem::path checkpoint;
  std::string device;  ///< where the network is, as its config says
};

/// The newest folder in runs/ that holds a checkpoint. Throws kUsage when there is none.
train::RunFolder latest_run();
/// The newest of those that began from scratch and whose network has the sizes of the goal's.
train::RunFolder latest_pretraining(const ExperimentConfig& goal);
/// The run of this name: a folder, or a name in runs/; empty: the latest.
train::RunFolder find_run(const std::string& name);

/// The checkpoint of a run (best, else last), or the file itself when `name` is one.
std::filesystem::path find_checkpoint(const std::string& name);

/// The network of a run or checkpoint, in eval mode on the device of its config.
TrainedNetwork load_network(const std::string& run_or_checkpoint);

/// Copies the averaged weights, if the file has them, else the plain ones.
void load_best_weights(lip2mel::Lip2Mel& network,
                       const train::TensorFile& content,
                       const std::filesystem::path& file);

}  // namespace lipsound2::experiment
