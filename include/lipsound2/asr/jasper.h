#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "lipsound2/config/field_visitor.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::asr {

/// Sizes of Jasper; the defaults are those of Jasper 10x5 dense residual (Li et al. 2019, table 1).
/// One entry of `kernels`, `channels` and `dropout_percent` per block.
struct JasperConfig {
  std::int64_t features = 64;
  std::int64_t repeats = 5;  ///< convolutions per block
  std::vector<std::int64_t> kernels = {11, 11, 13, 13, 17, 17, 21, 21, 25, 25};
  std::vector<std::int64_t> channels = {256, 256, 384, 384, 512, 512, 640, 640, 768, 768};
  std::vector<std::int64_t> dropout_percent = {20, 20, 20, 20, 20, 20, 30, 30, 30, 30};
  std::int64_t prologue_kernel = 11;
  std::int64_t prologue_channels = 256;
  std::int64_t prologue_dropout_percent = 20;
  std::int64_t epilogue_kernel = 29;
  std::int64_t epilogue_channels = 896;
  std::int64_t epilogue_dilation = 2;
  std::int64_t last_channels = 1024;
  std::int64_t epilogue_dropout_percent = 40;
  double activation_limit = 20;  ///< ReLU is cut off there; 0: nowhere

  void visit(config::FieldVisitor& v);
};

class JasperBlockImpl;

/// Jasper: 1-D convolutions over time with batch norm, clipped ReLU and dropout, by half the frame
/// rate; each block also gets the outputs of all blocks before it, through 1x1 convolutions.
///
///     features -> prologue (stride 2) -> blocks, densely joined -> epilogue -> 1x1 -> log softmax
///
/// Padding is invisible: convolutions see zeros there and batch norm only real frames. Names of
/// parameters equal those of NeMo's Jasper models.
class JasperImpl final : public torch::nn::Module {
 public:
  static constexpr std::int64_t kStride = 2;  ///< frames of features to one of the output

  JasperImpl(const JasperConfig& config, std::int64_t outputs);
  ~JasperImpl() override;

  struct Output {
    Tensor log_probs;  ///< [B, T', outputs]; unspecified in padded frames
    Tensor lengths;    ///< [B] int64 on the CPU
  };
  /// features [B, features, T], lengths [B] int64 on the CPU, each in [1, T]; T' = ceil(T /
  /// kStride).
  Output forward(const Tensor& features, const Tensor& lengths);

  std::int64_t outputs() const { return outputs_; }

 private:
  std::int64_t outputs_;
  std::vector<std::shared_ptr<JasperBlockImpl>> blocks_;
  Tensor weight_;  ///< [outputs, last_channels, 1]
  Tensor bias_;
};
TORCH_MODULE(Jasper);

}  // namespace lipsound2::asr
