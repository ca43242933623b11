#pragma once

#include <map>
#include <string>

#include <torch/nn/module.h>

#include "lipsound2/data/batch.h"

namespace lipsound2::train {

/// The terms of a training loss, for the log, and their sum. All scalars, on the device.
struct Losses {
  Tensor total;
  std::map<std::string, Tensor> terms;
};

/// One trainable system. The trainer knows nothing else about it.
class Task {
 public:
  virtual ~Task() = default;

  virtual torch::nn::Module& module() = 0;
  /// Forward pass and criterion. `progress` in [0, 1] is how far training has come, for schedules
  /// inside the criterion.
  virtual Losses losses(const data::Batch& batch, double progress) = 0;
  /// Scores of the module as it is on the validation clips, by name; the trainer keeps the
  /// checkpoint with the largest value of best_score(). `samples` is the folder for pictures and
  /// sounds of this step.
  virtual std::map<std::string, double> validate(const std::filesystem::path& samples) = 0;
  virtual std::string best_score() const = 0;
};

}  // namespace lipsound2::train
