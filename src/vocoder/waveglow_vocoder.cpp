#include "lipsound2/vocoder/waveglow_vocoder.h"

#include <algorithm>
#include <cmath>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <fmt/ranges.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

#include "waveglow_inverse.h"

namespace lipsound2::vocoder {
namespace {

constexpr std::int64_t kNoiseBlock = 64;  // groups whose noise is drawn together
constexpr std::int64_t kSilentFrames = 100;
constexpr double kLeastGain = -6, kMostGain = 3;  // natural logarithms, of one step in a band
constexpr std::int64_t kMelReach = 8;  // frames that features depend on, at most, on either side

/// Standard normal noise [count, width] of groups `first`...: a function of the seed and the place.
Tensor noise_at(std::uint64_t seed, std::int64_t first, std::int64_t count, std::int64_t width) {
  const std::int64_t skipped = first % kNoiseBlock,
                     blocks = (skipped + count + kNoiseBlock - 1) / kNoiseBlock;
  const Tensor noise = at::empty({blocks * kNoiseBlock, width});
  float* const to = noise.mutable_data_ptr<float>();
  at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      Rng rng(mix({seed, static_cast<std::uint64_t>(first / kNoiseBlock + block)}));
      for (std::int64_t i = 0; i < kNoiseBlock * width; ++i)
        to[block * kNoiseBlock * width + i] = static_cast<float>(rng.normal());
    }
  });
  return noise.narrow(0, skipped, count);
}

}  // namespace

void WaveGlowSoundConfig::visit(config::FieldVisitor& v) {
  v.field("sigma", sigma, "deviation of the noise that sound is made from", {0, 2});
  v.field("noise_seed", noise_seed, "of that noise", {0, 1e15});
  v.field("denoise", denoise, "how much of the sound of silence is taken away", {0, 10});
  v.field("mel_steps",
          mel_steps,
          "how often the magnitudes of the sound's bands are set to the mel's",
          {0, 1000});
  v.field("chunk_frames",
          chunk_frames,
          "longer mels are made in pieces, with the same result",
          {1, 1e7});
}

void check_mel(const Tensor& mel, std::int64_t bands, const std::string& name) {
  require(mel.dim() == 2 && mel.size(1) == bands,
          ErrorKind::kData,
          "{}: expected a mel of {} bands [M, {}], found {}",
          name,
          bands,
          bands,
          fmt::join(mel.sizes().vec(), " x "));
  require(mel.size(0) > 0, ErrorKind::kData, "{}: the mel has no frames", name);
  const Tensor bad = mel.isfinite().logical_not().any(1).nonzero();
  require(bad.size(0) == 0,
          ErrorKind::kData,
          "{}: the mel holds NaN or infinite values in {} of {} frames, the first of them {}",
          name,
          bad.size(0),
          mel.size(0),
          bad.size(0) > 0 ? bad[0][0].item<std::int64_t>() : 0);
}

WaveGlowVocoder::WaveGlowVocoder(WaveGlow network,
                                 const audio::MelConfig& mel,
                                 const WaveGlowSoundConfig& config,
                                 c10::Device device)
    : network_(std::move(network)),
      mel_(mel),
      stft_(audio::stft_config(mel)),
      config_(config),
      device_(device) {
  const at::NoGradGuard no_grad;
  const WaveGlowConfig& sizes = network_->config();
  const std::int64_t per_frame = mel_.hop / sizes.group;
  context_ = (sizes.reach() + per_frame - 1) / per_frame +
             std::max(kMelReach, (sizes.mel_window + mel_.hop - 1) / mel_.hop);
  if (device_.is_cpu())
    fast_ = std::make_unique<WaveGlowInverse>(*network_, network_.ptr().use_count() == 1);
  if (config_.denoise > 0) {
    const Tensor silence = at::full({kSilentFrames, mel_.bands}, std::log(mel_.floor));
    bias_ = stft_.forward(samples(silence, 0, /*sigma=*/0)).abs().mean(0);
  }
  if (config_.mel_steps > 0) {
    const Tensor filters = audio::mel_filters(mel_);
    filters_ = filters.t().contiguous();
    shares_ = filters / filters.sum(0).clamp_min(1e-12);
  }
}

WaveGlowVocoder::~WaveGlowVocoder() = default;

Tensor WaveGlowVocoder::inverse(const Tensor& mel, const Tensor& noise) const {
  const Tensor piece = mel.unsqueeze(0).to(device_);
  return fast_ ? (*fast_)(network_->features(piece)[0].contiguous(), noise)
               : network_->inverse(piece, noise.unsqueeze(0).to(device_))[0].cpu();
}

Tensor WaveGlowVocoder::samples(const Tensor& mel, std::int64_t first_frame, double sigma) const {
  const std::int64_t per_frame = mel_.hop / network_->config().group;
  std::vector<Tensor> pieces;
  for (std::int64_t begin = 0; begin < mel.size(0); begin += config_.chunk_frames) {
    const std::int64_t end = std::min(mel.size(0), begin + config_.chunk_frames);
    const std::int64_t first = std::max<std::int64_t>(0, begin - context_);
    const std::int64_t last = std::min(mel.size(0), end + context_);
    const Tensor noise = noise_at(static_cast<std::uint64_t>(config_.noise_seed),
                                  (first_frame + first) * per_frame,
                                  (last - first) * per_frame,
                                  network_->config().group);
    pieces.push_back(inverse(mel.narrow(0, first, last - first), noise * sigma)
                         .narrow(0, (begin - first) * mel_.hop, (end - begin) * mel_.hop));
  }
  return at::cat(pieces);
}

Tensor WaveGlowVocoder::denoised(const Tensor& samples) const {
  const Tensor spectrum = stft_.forward(samples);
  const Tensor magnitude = spectrum.abs();
  const Tensor kept = (magnitude - config_.denoise * bias_).clamp_min(0);
  return stft_.inverse(spectrum * (kept / magnitude.clamp_min(1e-12)));
}

Tensor WaveGlowVocoder::with_bands_of(const Tensor& mel, const Tensor& samples) const {
  const Tensor spectrum = stft_.forward(samples);
  const Tensor found = at::matmul(spectrum.abs(), filters_).clamp_min_(mel_.floor).log_();
  const Tensor gains = (mel.clamp_min(std::log(mel_.floor)) - found).clamp_(kLeastGain, kMostGain);
  return stft_.inverse(spectrum * at::matmul(gains, shares_).exp_());
}

audio::Waveform WaveGlowVocoder::vocode(const Tensor& mel, std::int64_t first_frame) const {
  check_mel(mel, mel_.bands, "mel");
  const at::NoGradGuard no_grad;
  const Tensor bands = mel.detach().to(at::kCPU, at::kFloat);
  Tensor sound = samples(bands, first_frame, config_.sigma);
  if (bias_.defined())
    sound = denoised(sound);
  for (std::int64_t step = 0; step < config_.mel_steps; ++step)
    sound = with_bands_of(bands, sound);
  sound = sound.contiguous();
  const float* const first = sound.const_data_ptr<float>();
  return {std::vector<float>(first, first + sound.numel()), static_cast<int>(mel_.sample_rate)};
}

std::string WaveGlowVocoder::description() const {
  return fmt::format("WaveGlow, {} flows of {} channels, sigma {}{}{}",
                     network_->config().flows,
                     network_->config().channels,
                     config_.sigma,
                     bias_.defined() ? fmt::format(", denoised by {}", config_.denoise) : "",
                     config_.mel_steps > 0 ? fmt::format(", {} mel steps", config_.mel_steps) : "");
}

}  // namespace lipsound2::vocoder
