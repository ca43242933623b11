#pragma once

#include <memory>

#include <c10/core/Device.h>

#include "lipsound2/audio/mel.h"
#include "lipsound2/audio/stft.h"
#include "lipsound2/vocoder/vocoder.h"
#include "lipsound2/vocoder/waveglow.h"

namespace lipsound2::vocoder {

/// How a trained WaveGlow makes sound.
struct WaveGlowSoundConfig {
  double sigma = 0.7;                ///< deviation of the noise
  std::int64_t noise_seed = 1;       ///< of the noise
  double denoise = 0;                ///< how much of the sound of silence is taken away; 0: nothing
  std::int64_t mel_steps = 0;        ///< how often the bands of the sound are set to the mel's
  std::int64_t chunk_frames = 2000;  ///< longer mels are made in pieces, with the same result

  void visit(config::FieldVisitor& v);
};

class WaveGlowInverse;

/// WaveGlow as a vocoder. On the CPU it runs fused; elsewhere as composed operations. Long mels are
/// made in chunks with so much around them that the sound is the same as in one piece.
class WaveGlowVocoder final : public Vocoder {
 public:
  /// The weights must not change any more. A network that nobody else holds is taken apart on the
  /// CPU, so that its weights are never in memory twice.
  WaveGlowVocoder(WaveGlow network,
                  const audio::MelConfig& mel,
                  const WaveGlowSoundConfig& config,
                  c10::Device device);
  ~WaveGlowVocoder() override;

  /// Throws kData for a mel with no frames, other bands or values that are not finite.
  audio::Waveform vocode(const Tensor& mel, std::int64_t first_frame) const override;
  std::string description() const override;

 private:
  /// mel [M, bands] and its noise [M * hop / group, group] -> [M * hop]
  Tensor inverse(const Tensor& mel, const Tensor& noise) const;
  Tensor samples(const Tensor& mel, std::int64_t first_frame, double sigma) const;
  Tensor denoised(const Tensor& samples) const;
  /// The sound with its bands' magnitudes moved to those of the mel [M, bands], phases kept. Where
  /// windows overlap the phases do not allow all of it, so that it can be repeated.
  Tensor with_bands_of(const Tensor& mel, const Tensor& samples) const;

  WaveGlow network_;
  audio::MelConfig mel_;
  audio::Stft stft_;
  WaveGlowSoundConfig config_;
  c10::Device device_;
  std::int64_t context_;  ///< frames around a chunk on which it depends
  std::unique_ptr<WaveGlowInverse> fast_;
  Tensor bias_;     ///< [fft / 2 + 1] magnitudes of the sound of silence
  Tensor filters_;  ///< [fft / 2 + 1, bands] of the mel; undefined without mel_steps
  Tensor shares_;   ///< [bands, fft / 2 + 1] of each band in the change of a bin; sums are 1 or 0
};

}  // namespace lipsound2::vocoder
