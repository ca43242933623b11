#include "lipsound2/vocoder/waveglow.h"

#include <cmath>
#include <numbers>
#include <string>

#include <ATen/Functions.h>

#include "lipsound2/core/error.h"

#include "wavenet.h"

namespace lipsound2::vocoder {
namespace {

constexpr double kMelCenter = -5;  // log mels of speech lie between -11.5 and 2
constexpr double kMelSpread = 2.5;
constexpr std::int64_t kMelTaps = 5;
constexpr double kMelSlope = 0.2;

// A random rotation: its determinant is 1.
Tensor rotation(std::int64_t size) {
  Tensor q = std::get<0>(at::linalg_qr(at::randn({size, size}, at::kDouble)));
  if (at::linalg_det(q).item<double>() < 0)
    q.select(1, 0).neg_();
  return q.to(at::kFloat);
}

// Moves the second half of the channels before the first.
Tensor swapped_halves(std::int64_t size) {
  return at::eye(size).roll(size / 2, 0);
}

Tensor uniform(at::IntArrayRef shape, std::int64_t fan) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan));
  return at::empty(shape).uniform_(-bound, bound);
}

}  // namespace

void WaveGlowConfig::visit(config::FieldVisitor& v) {
  v.field("group", group, "samples per group, an even number", {2, 4096});
  v.field("flows", flows, "couplings", {1, 64});
  v.field("early_every", early_every, "flows between those before which channels leave", {1, 64});
  v.field("early_size", early_size, "channels that leave then, an even number", {0, 4096});
  v.field("channels", channels, "of the WaveNets", {1, 4096});
  v.field("layers", layers, "of the WaveNets; dilations 1, 2, 4...", {1, 16});
  v.choice("mel_path",
           mel_path,
           {"transposed", "linear"},
           "from frames to groups: a transposed convolution as published, or interpolation");
  v.field("mel_window", mel_window, "transposed: samples that a frame reaches", {1, 1e6});
  v.field(
      "mel_channels", mel_channels, "linear: channels of two convolutions over frames", {1, 4096});
  v.choice("mixing",
           mixing,
           {"rotation", "whitening"},
           "1x1 convolutions before training: random as published, or the first one whitening");
  v.check(group % 2 == 0, "group", "must be even");
  v.check(early_size % 2 == 0, "early_size", "must be even");
  v.check(channels_at(flows - 1) >= 2, "early_size", "leaves no channels for the last flow");
}

std::int64_t WaveGlowConfig::channels_at(std::int64_t flow) const {
  return group - flow / early_every * early_size;
}

std::int64_t WaveGlowConfig::reach() const {
  return flows * ((std::int64_t{1} << layers) - 1);
}

void check_fit(const WaveGlowConfig& config, const audio::MelConfig& mel) {
  require(mel.hop % config.group == 0,
          ErrorKind::kConfig,
          "group must divide audio.hop, but is {} for a hop of {}",
          config.group,
          mel.hop);
  require(config.mel_path == MelPath::kLinear || config.mel_window >= mel.hop,
          ErrorKind::kConfig,
          "mel_window must be at least audio.hop, but is {} for a hop of {}",
          config.mel_window,
          mel.hop);
}

Tensor WaveGlowOutput::negative_log_likelihood(double sigma) const {
  const auto samples = static_cast<double>(latents.numel());
  const Tensor energy = latents.square().sum() / (2 * sigma * sigma);
  return (energy - log_scale - log_determinant) / samples +
         std::log(sigma * std::sqrt(2 * std::numbers::pi));
}

WaveGlowImpl::WaveGlowImpl(const WaveGlowConfig& config, const audio::MelConfig& mel)
    : torch::nn::Module("WaveGlow"), config_(config), hop_(mel.hop), bands_(mel.bands) {
  check_fit(config, mel);
  register_mel_path();
  register_flows();
}

void WaveGlowImpl::register_mel_path() {
  const auto add = [this](torch::nn::Module& level, const Tensor& weight, const Tensor& bias) {
    mel_weights_.push_back(level.register_parameter("weight", weight));
    mel_biases_.push_back(level.register_parameter("bias", bias));
  };
  if (config_.mel_path == MelPath::kTransposed) {
    const std::int64_t fan = bands_ * config_.mel_window;
    add(*level_in(*this, "upsample"),
        uniform({bands_, bands_, config_.mel_window}, fan),
        uniform({bands_}, fan));
    return;
  }
  const auto list = level_in(*this, "mel");
  std::int64_t inputs = bands_;
  for (const char* name : {"0", "1"}) {
    const std::int64_t fan = inputs * kMelTaps;
    add(*level_in(*list, name),
        uniform({config_.mel_channels, inputs, kMelTaps}, fan),
        uniform({config_.mel_channels}, fan));
    inputs = config_.mel_channels;
  }
}

void WaveGlowImpl::register_flows() {
  const auto couplings = level_in(*this, "WN");
  const auto mixings = level_in(*this, "convinv");
  const std::int64_t features =
      config_.mel_path == MelPath::kTransposed ? bands_ * config_.group : config_.mel_channels;
  for (std::int64_t k = 0; k < config_.flows; ++k) {
    const std::int64_t width = config_.channels_at(k);
    const Tensor mixing =
        config_.mixing == Mixing::kRotation ? rotation(width) : swapped_halves(width);
    const auto conv = level_in(*level_in(*mixings, std::to_string(k)), "conv");
    mixings_.push_back(conv->register_parameter("weight", mixing.unsqueeze(2)));
    wavenets_.push_back(
        couplings->register_module(std::to_string(k),
                                   std::make_shared<WaveNetImpl>(WaveNetSizes{
                                       width / 2, features, config_.channels, config_.layers})));
  }
}

Tensor WaveGlowImpl::features(const Tensor& mel) const {
  TORCH_CHECK(mel.dim() == 3 && mel.size(2) == bands_, "expected mels [B, M, ", bands_, "]");
  if (config_.mel_path == MelPath::kLinear) {
    Tensor x = ((mel - kMelCenter) / kMelSpread).transpose(1, 2);
    for (std::size_t i = 0; i < mel_weights_.size(); ++i)
      x = at::leaky_relu(at::conv1d(x, mel_weights_[i], mel_biases_[i], /*stride=*/1, kMelTaps / 2),
                         kMelSlope);
    return x.transpose(1, 2);
  }
  const Tensor samples =
      at::conv_transpose1d(mel.transpose(1, 2), mel_weights_[0], mel_biases_[0], hop_)
          .narrow(2, 0, mel.size(1) * hop_);
  return samples.unflatten(2, {-1, config_.group}).permute({0, 2, 1, 3}).flatten(2);
}

WaveGlowOutput WaveGlowImpl::forward(const Tensor& mel, const Tensor& samples) {
  TORCH_CHECK(
      samples.dim() == 2 && samples.size(0) == mel.size(0) && samples.size(1) == mel.size(1) * hop_,
      "expected ",
      mel.size(1) * hop_,
      " samples per clip, got ",
      samples.sizes());
  const Tensor conditions = features(mel);
  Tensor x = samples.unflatten(1, {-1, config_.group});
  const auto groups = static_cast<double>(x.size(0) * x.size(1));
  std::vector<Tensor> latents, log_scales, log_determinants;
  for (std::int64_t k = 0; k < config_.flows; ++k) {
    if (const std::int64_t early = x.size(2) - config_.channels_at(k); early > 0) {
      latents.push_back(x.narrow(2, 0, early));
      x = x.narrow(2, early, config_.channels_at(k));
    }
    const Tensor mixing = mixings_[k].squeeze(2);
    x = at::linear(x, mixing);
    log_determinants.push_back(std::get<1>(at::linalg_slogdet(mixing)) * groups);
    const std::vector<Tensor> halves = x.chunk(2, 2);
    const std::vector<Tensor> change =
        wavenet(wavenets_[k]->weights(), halves[0], conditions).chunk(2, 2);
    x = at::cat({halves[0], halves[1] * change[1].exp() + change[0]}, 2);
    log_scales.push_back(change[1].sum());
  }
  latents.push_back(x);
  return {at::cat(latents, 2), at::stack(log_scales).sum(), at::stack(log_determinants).sum()};
}

Tensor WaveGlowImpl::inverse(const Tensor& mel, const Tensor& latents) const {
  const Tensor conditions = features(mel);
  const std::vector<Tensor> unmixing = unmixings();
  const auto left = [&](std::int64_t flow) { return config_.group - config_.channels_at(flow); };
  Tensor x = latents.narrow(2, left(config_.flows - 1), config_.channels_at(config_.flows - 1));
  for (std::int64_t k = config_.flows - 1; k >= 0; --k) {
    const std::vector<Tensor> halves = x.chunk(2, 2);
    const std::vector<Tensor> change =
        wavenet(wavenets_[k]->weights(), halves[0], conditions).chunk(2, 2);
    x = at::linear(at::cat({halves[0], (halves[1] - change[0]) * (-change[1]).exp()}, 2),
                   unmixing[k]);
    if (k > 0 && left(k) > left(k - 1))
      x = at::cat({latents.narrow(2, left(k - 1), left(k) - left(k - 1)), x}, 2);
  }
  return x.flatten(1);
}

void WaveGlowImpl::whiten(const Tensor& groups) {
  if (config_.mixing != Mixing::kWhitening)
    return;
  const at::NoGradGuard no_grad;
  const Tensor x = groups.to(at::kDouble);
  const Tensor covariance = at::mm(x.t(), x) / static_cast<double>(x.size(0));
  const auto [variances, axes] = at::linalg_eigh(covariance);
  const Tensor whitening = (axes / variances.clamp_min(1e-8).sqrt()).flip(1).t();
  // Neighbors in frequency go to different halves, so that each can tell something of the other.
  const Tensor order = at::cat({at::arange(0, config_.group, 2), at::arange(1, config_.group, 2)});
  mixings_[0].copy_(whitening.index_select(0, order).unsqueeze(2));
}

WaveNetWeights WaveGlowImpl::wavenet_weights(std::int64_t flow) const {
  return wavenets_.at(static_cast<std::size_t>(flow))->weights();
}

void WaveGlowImpl::drop_wavenet(std::int64_t flow) {
  for (Tensor& weight : wavenets_.at(static_cast<std::size_t>(flow))->parameters())
    weight.set_data(at::empty({0}, weight.options()));
}

std::vector<Tensor> WaveGlowImpl::unmixings() const {
  std::vector<Tensor> inverses;
  for (const Tensor& mixing : mixings_)
    inverses.push_back(at::linalg_inv(mixing.squeeze(2).to(at::kDouble)).to(mixing.scalar_type()));
  return inverses;
}

}  // namespace lipsound2::vocoder
