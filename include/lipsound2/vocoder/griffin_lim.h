#pragma once

#include "lipsound2/audio/mel.h"
#include "lipsound2/audio/stft.h"
#include "lipsound2/audio/waveform.h"
#include "lipsound2/vocoder/vocoder.h"

namespace lipsound2::vocoder {

/// Settings of GriffinLim.
struct GriffinLimConfig {
  std::int64_t iterations = 32;
  double momentum = 0.99;  ///< 0 is the algorithm of Griffin and Lim 1984

  void visit(config::FieldVisitor& v);
};

/// Phase reconstruction with momentum (Perraudin et al. 2013, algorithm 2) from log mels; linear
/// magnitudes come from the pseudo-inverse of the mel filters. It starts from an impulse in each
/// frame (on GRID as good as random phases). Deterministic: the same mel gives the same sound. Runs
/// on the CPU; safe to use from several threads.
class GriffinLim final : public Vocoder {
 public:
  GriffinLim(const audio::MelConfig& mel, const GriffinLimConfig& config);

  /// log mel [M, bands] -> M * hop samples.
  audio::Waveform operator()(const Tensor& mel) const;
  audio::Waveform vocode(const Tensor& mel, std::int64_t /*first_frame*/) const override {
    return (*this)(mel);
  }
  std::string description() const override;

 private:
  /// A consistent phase factor for linear magnitudes [M, fft / 2 + 1].
  Tensor find_phase(const Tensor& magnitude) const;

  audio::MelConfig mel_;
  GriffinLimConfig config_;
  audio::Stft stft_;
  Tensor inverse_filters_;  ///< [bands, fft / 2 + 1]
};

}  // namespace lipsound2::vocoder
