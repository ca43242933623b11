#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lipsound2/audio/mel.h"
#include "lipsound2/audio/waveform.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/core/random.h"
#include "lipsound2/core/tensor.h"

namespace lipsound2::asr {

/// What the mel bands are made of.
enum class Spectrum {
  kMagnitude,  ///< as every network here hears: audio::MelSpectrogram
  kPower,      ///< as NeMo's models hear: squared magnitudes of a symmetric window
};

struct SpeechFeaturesConfig {
  double pre_emphasis = 0;  ///< share of the sample before that is taken off every sample
  Spectrum spectrum = Spectrum::kMagnitude;
  double guard = 0x1p-24;  ///< added to powers before the logarithm, where magnitudes have a floor

  void visit(config::FieldVisitor& v);
};

/// What Jasper hears: log mels of which every band has mean 0 and deviation 1 over the clip.
/// Immutable, so safe to use from several threads.
class SpeechFeatures {
 public:
  explicit SpeechFeatures(const audio::MelConfig& config,
                          const SpeechFeaturesConfig& features = {});

  /// A sound of the config's rate -> [M, bands] float32. A band that never changes is 0. Throws
  /// kData when it is shorter than one hop (for powers: half a Fourier transform) or of another
  /// rate; `name` is what the error calls it.
  Tensor operator()(const audio::Waveform& sound, const std::string& name) const;

 private:
  std::vector<float> emphasized(const std::vector<float>& samples) const;
  Tensor log_powers(const std::vector<float>& samples) const;

  audio::MelConfig config_;
  SpeechFeaturesConfig features_;
  audio::MelSpectrogram mel_;
  Tensor window_;   ///< [window], for powers
  Tensor filters_;  ///< [bands, bins], for powers
};

/// Adds white Gaussian noise of this deviation, so that digital silence has a spectrum.
void add_dither(audio::Waveform& sound, double deviation, Rng& rng);

/// The sound at `percent` of its speed, and with it of its pitch, at the same rate. 100 changes
/// nothing.
audio::Waveform at_speed(const audio::Waveform& sound, std::int64_t percent);

/// SpecAugment without time warping (Park et al. 2019): rectangles that are set to 0, the mean.
struct SpecAugmentConfig {
  std::int64_t band_masks = 2;
  std::int64_t band_width = 12;  ///< bands that one hides at most
  std::int64_t time_masks = 2;
  std::int64_t time_width = 30;  ///< frames that one hides at most; never more than a fifth

  void visit(config::FieldVisitor& v);
};

/// Hides parts of features [M, bands], in place. Each mask draws its width from 0 to the largest,
/// then its place.
void hide_parts(Tensor features, const SpecAugmentConfig& config, Rng& rng);

}  // namespace lipsound2::asr
