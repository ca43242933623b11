#include "lipsound2/asr/speech_features.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"

namespace lipsound2::asr {
namespace {

constexpr double kSmallestDeviation = 1e-3;  // of a band that hardly changes
constexpr double kAddedDeviation = 1e-5;     // NeMo's way
constexpr std::int64_t kHiddenShare = 5;     // no more than one in so many frames by one mask

/// Where a mask lies.
struct MaskedRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

MaskedRange draw_mask(std::int64_t size, std::int64_t widest, Rng& rng) {
  MaskedRange mask;
  mask.count = rng.below(std::min(widest, size) + 1);
  mask.first = rng.below(size - mask.count + 1);
  return mask;
}

}  // namespace

void SpeechFeaturesConfig::visit(config::FieldVisitor& v) {
  v.field("pre_emphasis",
          pre_emphasis,
          "share of the sample before that is taken off every sample; 0: none",
          {0, 1});
  v.choice("spectrum",
           spectrum,
           {"magnitude", "power"},
           "what mel bands are made of: magnitudes, raised to audio.floor, or their squares in a "
           "symmetric window, as NeMo's models hear");
  v.field("guard", guard, "added to powers before the logarithm", {1e-12, 1});
}

SpeechFeatures::SpeechFeatures(const audio::MelConfig& config, const SpeechFeaturesConfig& features)
    : config_(config),
      features_(features),
      mel_(config),
      window_(at::hann_window(config.window, /*periodic=*/false)),
      filters_(audio::mel_filters(config)) {}

std::vector<float> SpeechFeatures::emphasized(const std::vector<float>& samples) const {
  std::vector<float> result = samples;
  const auto share = static_cast<float>(features_.pre_emphasis);
  for (std::size_t i = 1; i < samples.size(); ++i)
    result[i] = samples[i] - share * samples[i - 1];
  return result;
}

// The centered frame after the last whole hop is dropped, as audio::MelSpectrogram does.
Tensor SpeechFeatures::log_powers(const std::vector<float>& samples) const {
  const Tensor spectrum = at::stft(torch::tensor(samples),
                                   config_.fft,
                                   config_.hop,
                                   config_.window,
                                   window_,
                                   /*center=*/true,
                                   /*pad_mode=*/"reflect",
                                   /*normalized=*/false,
                                   /*onesided=*/true,
                                   /*return_complex=*/true);
  const Tensor powers = at::view_as_real(spectrum).square().sum(-1);  // [bins, M + 1]
  const Tensor mel = at::matmul(filters_, powers.slice(1, 0, powers.size(1) - 1)).t();
  return (mel + features_.guard).log();
}

Tensor SpeechFeatures::operator()(const audio::Waveform& sound, const std::string& name) const {
  require(sound.rate == config_.sample_rate,
          ErrorKind::kData,
          "{}: expected {} samples per second, found {}",
          name,
          config_.sample_rate,
          sound.rate);
  audio::require_frame(sound, config_, name);
  const bool powers = features_.spectrum == Spectrum::kPower;
  require(!powers || 2 * std::ssize(sound.samples) > config_.fft,
          ErrorKind::kData,
          "{}: expected more than half a Fourier transform of {} samples, found {}",
          name,
          config_.fft,
          sound.samples.size());
  const std::vector<float> samples =
      features_.pre_emphasis > 0 ? emphasized(sound.samples) : sound.samples;
  const Tensor mel = powers ? log_powers(samples) : mel_(samples);
  const bool unbiased = powers && mel.size(0) > 1;
  const auto [var, mean] = at::var_mean(mel, /*dim=*/0, unbiased, /*keepdim=*/true);
  const Tensor deviation = var.sqrt();
  return (mel - mean) /
         (powers ? deviation + kAddedDeviation : deviation.clamp_min(kSmallestDeviation));
}

void add_dither(audio::Waveform& sound, double deviation, Rng& rng) {
  if (deviation <= 0)
    return;
  for (float& sample : sound.samples)
    sample += static_cast<float>(deviation * rng.normal());
}

audio::Waveform at_speed(const audio::Waveform& sound, std::int64_t percent) {
  if (percent == 100)
    return sound;
  const double rate = 100.0 * sound.rate / static_cast<double>(percent);
  audio::Waveform changed = audio::resample(sound, static_cast<int>(std::lround(rate)));
  changed.rate = sound.rate;
  return changed;
}

void SpecAugmentConfig::visit(config::FieldVisitor& v) {
  v.field("band_masks", band_masks, "masks over mel bands", {0, 100});
  v.field("band_width", band_width, "bands that one hides at most", {0, 1000});
  v.field("time_masks", time_masks, "masks over time", {0, 100});
  v.field("time_width",
          time_width,
          "frames that one hides at most; never more than a fifth of the clip",
          {0, 1e6});
}

void hide_parts(Tensor features, const SpecAugmentConfig& config, Rng& rng) {
  const std::int64_t frames = features.size(0), bands = features.size(1);
  for (std::int64_t i = 0; i < config.band_masks; ++i) {
    const MaskedRange mask = draw_mask(bands, config.band_width, rng);
    features.narrow(1, mask.first, mask.count).zero_();
  }
  for (std::int64_t i = 0; i < config.time_masks; ++i) {
    const auto mask = draw_mask(frames, std::min(config.time_width, frames / kHiddenShare), rng);
    features.narrow(0, mask.first, mask.count).zero_();
  }
}

}  // namespace lipsound2::asr
