#include "lipsound2/audio/mel.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/vectorized.h"

#include "lane_spectrum.h"

namespace lipsound2::audio {

/// A mel filter without the zeros before and behind it.
struct BandFilter {
  std::int64_t first_bin = 0;
  std::vector<float> weights;
};

namespace {

// Slaney's Auditory Toolbox (1998): linear below 1 kHz with 3 mel per 200 Hz, then logarithmic with
// 27 mel per factor of 6.4.
constexpr double kHzPerMel = 200.0 / 3;
constexpr double kKneeHz = 1000;
constexpr double kKneeMel = kKneeHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27;

double hz_to_mel(double hz) {
  return hz < kKneeHz ? hz / kHzPerMel : kKneeMel + std::log(hz / kKneeHz) / kLogStep;
}

double mel_to_hz(double mel) {
  return mel < kKneeMel ? mel * kHzPerMel : kKneeHz * std::exp(kLogStep * (mel - kKneeMel));
}

/// The bins that are not 0 of each of mel_filters().
std::vector<BandFilter> sparse_filters(const MelConfig& config) {
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
    sparse.push_back({first - begin, {first, last}});
  }
  return sparse;
}

/// Periodic.
std::vector<float> hann_window(std::int64_t width) {
  std::vector<float> window;
  for (std::int64_t i = 0; i < width; ++i)
    window.push_back(
        static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                                static_cast<double>(width))));
  return window;
}

/// Samples first, first + 1, ..., end - 1 of a sound that is mirrored at its first and last sample
/// as often as needed. `first` is at most 0.
std::vector<float> mirrored_sound(std::span<const float> samples,
                                  std::int64_t first,
                                  std::int64_t end) {
  const std::int64_t last = std::ssize(samples) - 1;
  const auto at = [&](std::int64_t position) {
    const std::int64_t period = std::max<std::int64_t>(2 * last, 1);
    const std::int64_t folded = (position % period + period) % period;
    return samples[static_cast<std::size_t>(last - std::abs(folded - last))];
  };
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(end - first));
  for (std::int64_t i = first; i < 0; ++i)
    result.push_back(at(i));
  const std::int64_t inside = std::min(end, last + 1);
  result.insert(result.end(), samples.begin(), samples.begin() + inside);
  for (std::int64_t i = inside; i < end; ++i)
    result.push_back(at(i));
  return result;
}

/// At most kLanes frames of a sound, `hop` samples apart.
struct FrameBlock {
  const float* first;
  std::int64_t hop;
  std::int64_t frames;
};

/// The last frame again for lanes that are left over.
void read_windows(const FrameBlock& block,
                  const std::vector<float>& window,
                  std::vector<ComplexLanes>& signals) {
  const float* frames[kLanes];
  for (std::int64_t lane = 0; lane < kLanes; ++lane)
    frames[lane] = block.first + std::min(lane, block.frames - 1) * block.hop;
  auto* const lanes = reinterpret_cast<float*>(signals.data());
  for (std::size_t i = 0; i < window.size(); ++i)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[i * kLanes + lane] = window[i] * frames[lane][i];
  std::fill(lanes + window.size() * kLanes, lanes + 2 * signals.size() * kLanes, 0.0F);
}

/// [frames, bands]
void filter_bands(const Lanes* magnitudes,
                  const std::vector<BandFilter>& filters,
                  std::int64_t frames,
                  float* bands) {
  run_vectorized([=, &filters]() __attribute__((always_inline)) {
    const auto count = std::ssize(filters);
    for (std::int64_t band = 0; band < count; ++band) {
      const BandFilter& filter = filters[static_cast<std::size_t>(band)];
      Lanes sums{};
      for (std::size_t i = 0; i < filter.weights.size(); ++i)
        sums += filter.weights[i] * magnitudes[filter.first_bin + static_cast<std::int64_t>(i)];
      for (std::int64_t lane = 0; lane < frames; ++lane)
        bands[lane * count + band] = sums[lane];
    }
  });
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

struct MelSpectrogram::State {
  explicit State(const MelConfig& the_config)
      : config(the_config),
        before(config.fft / 2 - (config.fft - config.window) / 2),
        window(hann_window(config.window)),
        filters(sparse_filters(config)),
        spectrum(config.fft) {}

  MelConfig config;
  std::int64_t before;  ///< samples of a window that lie before its center
  std::vector<float> window;
  std::vector<BandFilter> filters;
  LaneSpectrum spectrum;
};

MelSpectrogram::MelSpectrogram(const MelConfig& config)
    : state_(std::make_shared<const State>(config)) {}

Tensor MelSpectrogram::operator()(std::span<const float> samples) const {
  const MelConfig& config = state_->config;
  const std::int64_t frames = std::ssize(samples) / config.hop;
  const Tensor mel = at::empty({frames, config.bands}, at::kFloat);
  if (frames == 0)
    return mel;
  const std::int64_t end = (frames - 1) * config.hop - state_->before + config.window;
  const std::vector<float> padded = mirrored_sound(samples, -state_->before, end);
  const auto half = static_cast<std::size_t>(config.fft / 2);
  std::vector<ComplexLanes> signals(half);
  std::vector<ComplexLanes> scratch(half);
  float* bands = mel.mutable_data_ptr<float>();
  for (std::int64_t first = 0; first < frames; first += kLanes, bands += kLanes * config.bands) {
    const FrameBlock block{
        padded.data() + first * config.hop, config.hop, std::min(kLanes, frames - first)};
    read_windows(block, state_->window, signals);
    const Lanes* const magnitudes = state_->spectrum(signals.data(), scratch.data());
    filter_bands(magnitudes, state_->filters, block.frames, bands);
  }
  return mel.clamp_min_(config.floor).log_();
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
