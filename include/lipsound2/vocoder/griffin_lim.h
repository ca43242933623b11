#pragma once

#include "lipsound2/audio/mel.h"
#include "lipsound2/audio/waveform.h"

namespace lipsound2::vocoder {

struct GriffinLimConfig {
  std::int64_t iterations = 32;
  double momentum = 0.99;

  void visit(config::FieldVisitor& v);
};

/// Phase reconstruction with momentum (Perraudin et al. 2013, algorithm 2) from log mels; linear
/// magnitudes come from the pseudo-inverse of the mel filters. Deterministic: the same mel gives
/// the same sound.
class GriffinLim {
 public:
  GriffinLim(const audio::MelConfig& mel, const GriffinLimConfig& config);

  /// log mel [M, bands] -> M * hop samples.
  audio::Waveform operator()(const Tensor& mel) const;

 private:
  audio::MelConfig mel_;
  GriffinLimConfig config_;
  Tensor inverse_filters_;
  Tensor window_;
};

}  // namespace lipsound2::vocoder
