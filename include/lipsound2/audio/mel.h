#pragma once

#include <cstdint>
#include <span>

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

/// Mel filters on the Slaney scale with Slaney (area) normalization: [bands, fft / 2 + 1].
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
  MelConfig config_;
  Tensor window_;
  Tensor filters_;
};

}  // namespace lipsound2::audio
