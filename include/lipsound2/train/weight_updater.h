#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <torch/nn/module.h>

#include "lipsound2/train/checkpoint.h"
#include "lipsound2/train/flat_parameters.h"
#include "lipsound2/train/optimizer.h"
#include "lipsound2/train/process_group.h"
#include "lipsound2/train/trainer.h"

namespace lipsound2::train {

/// What training adds to a module: gradients, clipping, the optimizer, and the running average of
/// the weights. The module must lie on its device already and stay there. Parts that the config
/// freezes are left out of all of it. Throws kConfig as check_parts() does.
class WeightUpdater {
 public:
  WeightUpdater(torch::nn::Module& module, const TrainConfig& config);

  void zero_gradients() { flat_.zero_gradients(); }
  /// The weights, their average and the buffers become those of process 0.
  void start_equal(const ProcessGroup& processes);
  /// The gradients become their sum over all processes, of which this one's counts by its `share`.
  void average_gradients(const ProcessGroup& processes, double share);
  /// Scales the gradients down to the largest allowed norm and returns the norm before, a scalar on
  /// the device.
  Tensor clip();
  /// Moves the weights, then their average; `step` counts from 0.
  void update(double learning_rate, std::int64_t step);

  /// While it lives, the module has the averaged weights; without an average, its own. Buffers,
  /// such as the statistics of batch norm, are the same in both.
  class Averaged {
   public:
    explicit Averaged(WeightUpdater& updater);
    ~Averaged();
    Averaged(const Averaged&) = delete;
    Averaged& operator=(const Averaged&) = delete;

   private:
    Tensor values_;
    Tensor own_;
  };

  /// Adds "model.*", "ema.*" and "optimizer.*" (of what is trained). The tensors are views until a
  /// file is written, except the average.
  void store(TensorFile& content);
  /// The reverse. A checkpoint without an average starts it anew at the weights. Throws kData that
  /// names `file`.
  void load(const TensorFile& content, const std::string& file);

 private:
  torch::nn::Module& module_;
  double clip_norm_;
  double ema_;
  FlatParameters flat_;
  std::unique_ptr<Optimizer> optimizer_;
  Tensor average_;  // in the layout of flat_; undefined without an average
};

/// Adds `prefix` + name for each tensor.
void add_tensors(TensorFile& content,
                 const std::string& prefix,
                 const std::map<std::string, Tensor>& tensors);

}  // namespace lipsound2::train
