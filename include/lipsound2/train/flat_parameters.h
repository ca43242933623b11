#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "lipsound2/core/tensor.h"
#include "lipsound2/train/optimizer.h"

namespace lipsound2::train {

/// Lays all trainable parameters of a module into one contiguous tensor, and their gradients into
/// another, so that norm, clipping, the optimizer and the running average are a few operations on
/// long vectors whatever the number of layers. The parameters stay what they were to the module:
/// same names, shapes and values, now views. Each begins at a multiple of 64 bytes; the gaps are
/// zeros and stay zeros.
///
/// Move the module to its device before; moving it afterwards tears the views off.
class FlatParameters {
 public:
  explicit FlatParameters(torch::nn::Module& module);

  /// [N], all parameters.
  const Tensor& values() const { return values_; }
  /// [N], all gradients. A gradient that something else replaced or cleared (such as the module's
  /// own zero_grad()) is brought back into place first.
  const Tensor& gradients();
  void zero_gradients();
  /// [N], 1 for parameters of two or more dimensions, 0 for biases, scales and the gaps.
  Tensor decayed() const;
  /// The layout in ranges of one factor each; names as in TrainConfig::part_learning_rate. One
  /// range when there are no factors.
  std::vector<RateRange> rate_ranges(const std::map<std::string, double>& factors) const;
  /// The same with one range per parameter.
  std::vector<RateRange> layer_ranges(const std::map<std::string, double>& factors) const;
  /// Views of any tensor of this layout [N], by the name of the parameter and in its shape.
  std::map<std::string, Tensor> split(const Tensor& flat) const;
  /// Views of the scalars in `numbers` [parameters], which are in the order of layer_ranges().
  std::map<std::string, Tensor> split_layers(const Tensor& numbers) const;

 private:
  struct Part {
    std::string name;
    Tensor parameter;
    Tensor gradient;
    std::int64_t offset = 0;
  };

  std::int64_t add_trainable_parameters(torch::nn::Module& module);
  static Tensor part_of(const Tensor& flat, const Part& part);

  std::vector<Part> parts_;
  Tensor values_;
  Tensor gradients_;
};

}  // namespace lipsound2::train
