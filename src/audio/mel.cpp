#include "lipsound2/audio/mel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/vectorized.h"

namespace lipsound2::audio {
namespace {

// Slaney's Auditory Toolbox (1998): linear below 1 kHz with 3 mel per 200 Hz, then logarithmic with
// 27 mel per factor of 6.4.
constexpr double kHzPerMel = 200.0 / 3;
constexpr double kKneeHz = 1000;
constexpr double kKneeMel = kKneeHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27;

constexpr std::size_t kLanes = 16;  // floats of the widest vectors

double hz_to_mel(double hz) {
  return hz < kKneeHz ? hz / kHzPerMel : kKneeMel + std::log(hz / kKneeHz) / kLogStep;
}

double mel_to_hz(double mel) {
  return mel < kKneeMel ? mel * kHzPerMel : kKneeHz * std::exp(kLogStep * (mel - kKneeMel));
}

}  // namespace

void MelConfig::visit(config::FieldVisitor& v) {
  v.field("sample_rate", sample_rate, "samples per second", {1000, 192000});
  v.field("fft", fft, "samples of a Fourier transform", {16, 65536});
  v.field("window", window, "samples of the Hann window", {4, 65536});
  v.field("hop", hop, "samples from one frame to the next", {1, 32768});
  v.field("bands", bands, "mel bands", {1, 1024});
  v.field("low_hz", low_hz, "lower edge of the lowest band", {0, 96000});
  v.field("high_hz", high_hz, "upper edge of the highest band", {1, 96000});
  v.field("floor", floor, "smallest magnitude before the logarithm", {1e-12, 1});
  v.check(fft % 2 == 0, "fft", fmt::format("must be even, is {}", fft));
  v.check(window <= fft, "window", fmt::format("must be at most fft ({}), is {}", fft, window));
  v.check(2 * hop <= window,
          "hop",
          fmt::format("must be at most half of window ({}), is {}", window, hop));
  v.check(low_hz < high_hz,
          "low_hz",
          fmt::format("must be below high_hz ({}), is {}", high_hz, low_hz));
  v.check(2 * high_hz <= static_cast<double>(sample_rate),
          "high_hz",
          fmt::format("must be at most half of sample_rate ({}), is {}", sample_rate, high_hz));
}

void require_frame(const Waveform& sound, const MelConfig& config, const std::string& name) {
  require(std::ssize(sound.samples) >= config.hop,
          ErrorKind::kData,
          "{}: expected one hop of {} samples at {} Hz at least, found {}",
          name,
          config.hop,
          config.sample_rate,
          sound.samples.size());
}

StftConfig stft_config(const MelConfig& config) {
  return {.fft = config.fft, .window = config.window, .hop = config.hop};
}

/// The bins that are not 0 of each of mel_filters(), and zeros up to whole vectors.
std::vector<MelSpectrogram::BandFilter> MelSpectrogram::sparse_filters(const MelConfig& config) {
  const Tensor filters = mel_filters(config);
  const std::int64_t bins = filters.size(1);
  std::vector<BandFilter> sparse;
  for (std::int64_t band = 0; band < config.bands; ++band) {
    const float* const begin = filters.const_data_ptr<float>() + band * bins;
    const auto is_used = [](float weight) { return weight != 0; };
    const float* const first = std::find_if(begin, begin + bins, is_used);
    const float* last = begin + bins;
    while (last > first && last[-1] == 0)
      --last;
    std::vector<float> weights(first, last);
    weights.resize((weights.size() + kLanes - 1) / kLanes * kLanes);
    sparse.push_back({first - begin, std::move(weights)});
  }
  return sparse;
}

Tensor mel_filters(const MelConfig& config) {
  const double low = hz_to_mel(config.low_hz);
  const double step = (hz_to_mel(config.high_hz) - low) / static_cast<double>(config.bands + 1);
  const std::int64_t bins = config.fft / 2 + 1;
  const Tensor filters = at::zeros({config.bands, bins}, at::kFloat);
  float* const weights = filters.mutable_data_ptr<float>();
  for (std::int64_t band = 0; band < config.bands; ++band) {
    const double left = mel_to_hz(low + step * static_cast<double>(band));
    const double center = mel_to_hz(low + step * static_cast<double>(band + 1));
    const double right = mel_to_hz(low + step * static_cast<double>(band + 2));
    for (std::int64_t bin = 0; bin < bins; ++bin) {
      const double hz =
          static_cast<double>(bin * config.sample_rate) / static_cast<double>(config.fft);
      const double rise = (hz - left) / (center - left);
      const double fall = (right - hz) / (right - center);
      weights[band * bins + bin] =
          static_cast<float>(std::max(0.0, std::min(rise, fall)) * 2 / (right - left));
    }
  }
  return filters;
}

MelSpectrogram::MelSpectrogram(const MelConfig& config)
    : config_(config), stft_(stft_config(config)), filters_(sparse_filters(config)) {}

Tensor MelSpectrogram::operator()(std::span<const float> samples) const {
  const Tensor sound = at::from_blob(const_cast<float*>(samples.data()),  // only read from
                                     {static_cast<std::int64_t>(samples.size())},
                                     at::kFloat);
  const Tensor spectrum = at::view_as_real(stft_.forward(sound));
  const std::int64_t frames = spectrum.size(0);
  const std::int64_t bins = spectrum.size(1);
  const Tensor mel = at::empty({frames, config_.bands}, at::kFloat);
  const float* parts = spectrum.const_data_ptr<float>();
  float* bands = mel.mutable_data_ptr<float>();
  std::vector<float> magnitudes(static_cast<std::size_t>(bins) + kLanes);
  for (std::int64_t i = 0; i < frames; ++i, parts += 2 * bins, bands += config_.bands)
    filter_frame({parts, static_cast<std::size_t>(2 * bins)}, magnitudes.data(), bands);
  return mel.clamp_min_(config_.floor).log_();
}

/// `parts`: real and imaginary part of each bin. Magnitudes behind the last bin stay 0.
void MelSpectrogram::filter_frame(std::span<const float> parts,
                                  float* magnitudes,
                                  float* bands) const {
  const std::vector<BandFilter>& filters = filters_;
  run_vectorized([=, &filters]() __attribute__((always_inline)) {
    const float* const __restrict part = parts.data();
    float* const __restrict sizes = magnitudes;
    const auto bins = std::ssize(parts) / 2;
    for (std::int64_t i = 0; i < bins; ++i)
      sizes[i] = std::sqrt(part[2 * i] * part[2 * i] + part[2 * i + 1] * part[2 * i + 1]);
    for (std::size_t band = 0; band < filters.size(); ++band)
      bands[band] = dot(filters[band].weights.data(),
                        sizes + filters[band].first_bin,
                        std::ssize(filters[band].weights));
  });
}

Tensor MelStats::normalize(const Tensor& mel) const {
  return (mel - mean.to(mel.device())) / deviation.to(mel.device());
}

Tensor MelStats::denormalize(const Tensor& mel) const {
  return mel * deviation.to(mel.device()) + mean.to(mel.device());
}

MelStatsCounter::MelStatsCounter(std::int64_t bands)
    : mean_(at::zeros({bands}, at::kDouble)), squares_(at::zeros({bands}, at::kDouble)) {}

void MelStatsCounter::add(const Tensor& mel) {
  TORCH_CHECK(mel.dim() == 2 && mel.size(1) == mean_.size(0),
              "MelStatsCounter: expected [M, ",
              mean_.size(0),
              "], got ",
              mel.sizes());
  if (mel.size(0) == 0)
    return;
  // Chan, Golub and LeVeque 1979: two groups merged by their means and summed squares.
  const Tensor group = mel.to(at::kCPU, at::kDouble);
  const Tensor group_mean = group.mean(0);
  const Tensor apart = group_mean - mean_;
  const auto before = static_cast<double>(frames_);
  const auto added = static_cast<double>(group.size(0));
  squares_ +=
      (group - group_mean).square().sum(0) + apart.square() * (before * added / (before + added));
  mean_ += apart * (added / (before + added));
  frames_ += group.size(0);
}

MelStats MelStatsCounter::stats() const {
  TORCH_CHECK(frames_ > 0, "MelStatsCounter: no frame was added");
  const Tensor deviation = (squares_ / static_cast<double>(frames_)).sqrt().clamp_min(1e-3);
  return {mean_.to(at::kFloat), deviation.to(at::kFloat)};
}

}  // namespace lipsound2::audio
