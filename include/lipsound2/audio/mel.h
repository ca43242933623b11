#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lipsound2/audio/stft.h"
#include "lipsound2/audio/waveform.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::audio {

/// The sound features of every network here. Two mel settings are compatible only if equal.
struct MelConfig {
  std::int64_t sample_rate = 16000;
  std::int64_t fft = 1024;
  std::int64_t window = 640;
  std::int64_t hop = 160;
  std::int64_t bands = 80;
  double low_hz = 0;
  double high_hz = 8000;
  double floor = 1e-5;  ///< magnitudes below it are raised to it before the logarithm

  bool operator==(const MelConfig&) const = default;
  void visit(config::FieldVisitor& v);
};

/// The frames that a mel setting implies.
StftConfig stft_config(const MelConfig& config);

/// Throws kData, with `name`, for a sound too short for a mel frame: less than a hop.
void require_frame(const Waveform& sound, const MelConfig& config, const std::string& name);

/// Mel filters on the Slaney scale with Slaney (area) normalization: [bands, fft / 2 + 1] float32.
Tensor mel_filters(const MelConfig& config);

/// Log mel spectrogram: centered STFT (reflected edges), periodic Hann window, magnitude, mel
/// filters, natural logarithm. Safe to use from several threads.
class MelSpectrogram {
 public:
  explicit MelSpectrogram(const MelConfig& config);

  /// S samples at config.sample_rate -> [S / hop, bands] float32 (the centered frame after the last
  /// whole hop is dropped).
  Tensor operator()(std::span<const float> samples) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// Mean and standard deviation of each mel band over a training set.
struct MelStats {
  Tensor mean;       ///< [bands] float32
  Tensor deviation;  ///< [bands] float32, positive

  /// [..., bands] -> zero mean and unit deviation per band.
  Tensor normalize(const Tensor& mel) const;
  /// The inverse of normalize().
  Tensor denormalize(const Tensor& mel) const;
};

/// Gathers MelStats over any number of mels, in double precision. Use it from one thread.
class MelStatsCounter {
 public:
  explicit MelStatsCounter(std::int64_t bands);

  /// [M, bands]; every frame counts once.
  void add(const Tensor& mel);
  /// Deviations below 1e-3 (a band that never changes) are raised to it. Needs one frame at least.
  MelStats stats() const;

 private:
  Tensor mean_;     ///< [bands] float64
  Tensor squares_;  ///< [bands] float64, summed squared distance from the mean
  std::int64_t frames_ = 0;
};

}  // namespace lipsound2::audio
