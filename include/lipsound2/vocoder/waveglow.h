#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "lipsound2/audio/mel.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::vocoder {

/// How mel frames become conditions of the groups.
enum class MelPath {
  kTransposed,  ///< as published: a transposed convolution to the rate of the samples
  kLinear       ///< two convolutions over frames, whose products are interpolated: far cheaper
};

/// What the 1x1 convolutions are before training.
enum class Mixing {
  kRotation,  ///< as published: random rotations
  kWhitening  ///< the first one whitens groups of training sound, the others swap halves
};

struct WaveGlowConfig {
  std::int64_t group = 8;  ///< samples per group
  std::int64_t flows = 12;
  std::int64_t early_every = 4;  ///< before every so manieth flow...
  std::int64_t early_size = 2;   ///< ...so many channels leave
  std::int64_t channels = 256;
  std::int64_t layers = 8;
  MelPath mel_path = MelPath::kTransposed;
  std::int64_t mel_window = 1024;   ///< kTransposed: samples that a frame reaches
  std::int64_t mel_channels = 128;  ///< kLinear: channels of the convolutions over frames
  Mixing mixing = Mixing::kRotation;

  void visit(config::FieldVisitor& v);
  /// Channels that are left at this flow.
  std::int64_t channels_at(std::int64_t flow) const;
  /// Groups on either side of a group on which its samples depend, apart from the mel's own reach.
  std::int64_t reach() const;
};

/// Throws kConfig when a network of these sizes cannot work on such mels.
void check_fit(const WaveGlowConfig& config, const audio::MelConfig& mel);

/// What a sound is in the space of the noise. All of it in nats and summed over the batch.
struct WaveGlowOutput {
  Tensor latents;          ///< [B, T, group], channels in the order in which they leave
  Tensor log_scale;        ///< scalar, of all couplings
  Tensor log_determinant;  ///< scalar, of all 1x1 convolutions

  /// Mean negative log-likelihood of a sample, nats, if latents are normal with deviation sigma.
  Tensor negative_log_likelihood(double sigma) const;
};

struct WaveNetWeights;
class WaveNetImpl;

/// WaveGlow (Prenger, Valle, Catanzaro 2019): an invertible network between sounds and normal
/// noise, conditioned on mels.
///
///     samples > groups [T, group] > flows x ( early channels leave > 1x1 convolution > half of the
///     channels: x * e^s + b, with s and b from a WaveNet over the other half and the mel )
///
/// Parameters are named and shaped as in the published checkpoints: upsample, WN.k.{start,
/// cond_layer, in_layers.i, res_skip_layers.i, end}, convinv.k.conv; all but end, upsample and
/// convinv have normalized weights (weight_g, weight_v). With kLinear, mel.0 and mel.1 stand in the
/// place of upsample.
class WaveGlowImpl final : public torch::nn::Module {
 public:
  WaveGlowImpl(const WaveGlowConfig& config, const audio::MelConfig& mel);

  /// Log mel [B, M, bands] and its sound [B, M * hop] -> noise; T = M * hop / group.
  WaveGlowOutput forward(const Tensor& mel, const Tensor& samples);

  /// The inverse of forward(): log mel [B, M, bands] and latents [B, T, group] -> [B, M * hop].
  /// Composed of ATen operations that run on every device.
  Tensor inverse(const Tensor& mel, const Tensor& latents) const;

  /// Conditions of all flows: log mel [B, M, bands] -> [B, T, bands * group] (kTransposed) or
  /// [B, M, mel_channels] (kLinear).
  Tensor features(const Tensor& mel) const;

  /// kWhitening: makes the first 1x1 convolution whiten `groups` [N, group], many groups of samples
  /// as training will see them.
  void whiten(const Tensor& groups);

  /// Weights of the WaveNet of a flow.
  WaveNetWeights wavenet_weights(std::int64_t flow) const;
  /// Lets go of those weights, which leaves a network for features() alone.
  void drop_wavenet(std::int64_t flow);
  /// Inverses of the 1x1 convolutions, [n, n] each, computed in double precision.
  std::vector<Tensor> unmixings() const;
  const WaveGlowConfig& config() const { return config_; }

 private:
  WaveGlowConfig config_;
  std::int64_t hop_;
  std::int64_t bands_;
  std::vector<Tensor> mel_weights_;
  std::vector<Tensor> mel_biases_;
  std::vector<Tensor> mixings_;  ///< [n, n, 1]
  std::vector<std::shared_ptr<WaveNetImpl>> wavenets_;

  void register_mel_path();
  void register_flows();
};
TORCH_MODULE(WaveGlow);

}  // namespace lipsound2::vocoder
