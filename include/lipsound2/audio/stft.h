#pragma once

#include <cstdint>

#include "lipsound2/core/tensor.h"

namespace lipsound2::audio {

/// The analysis frames of an Stft, in samples.
struct StftConfig {
  std::int64_t fft = 1024;
  std::int64_t window = 640;  ///< at most fft
  std::int64_t hop = 160;     ///< at most half a window
};

/// Short-time Fourier transform with a periodic Hann window and frames centered at 0, hop, 2 hop...
/// in the sound, whose edges are reflected. Magnitudes equal those of torch.stft(center=True) with
/// win_length < n_fft; phases are measured from the first sample of the window, not of the padded
/// frame. Any float type, any device; immutable, so safe to use from several threads.
class Stft {
 public:
  explicit Stft(const StftConfig& config);

  /// Real [..., S] -> complex [..., S / hop, fft / 2 + 1].
  Tensor forward(const Tensor& samples) const;

  /// Complex [..., M, fft / 2 + 1] -> real [..., M * hop]: the sound whose transform is nearest in
  /// the least-squares sense (Griffin and Lim 1984, equation 6).
  Tensor inverse(const Tensor& spectrum) const;

  /// Phase factors of an impulse at the center of the window: complex64 [fft / 2 + 1].
  Tensor impulse_phase() const;

 private:
  Tensor window_like(const Tensor& samples) const;

  StftConfig config_;
  std::int64_t before_;  ///< samples of a window that lie before its center
  Tensor window_;        ///< [window] float64
};

}  // namespace lipsound2::audio
