#pragma once

#include <array>
#include <span>
#include <vector>

#include "pesq_sound.h"

namespace lipsound2::eval::p862 {

constexpr std::size_t kMostBands = 49;

/// One number per Bark band of one frame; at 8 kHz the bands above the 42nd stay zero.
using BarkRow = std::array<double, kMostBands>;
using BarkRows = std::vector<BarkRow>;

/// One Bark band (P.862, clause 10.2.3 to 10.2.7).
struct BarkBand {
  std::size_t first_bin;
  std::size_t end_bin;
  double width_bark;
  double power_scale;     ///< from Fourier power to pitch power density
  double threshold;       ///< pitch power density that can just be heard
  double exponent;        ///< of loudness over power
  double loudness_scale;  ///< of the loudness law, sone per Bark
};

/// The ear: from samples to pitch power densities to loudness.
class Ear {
 public:
  explicit Ear(const Layout& layout);

  std::size_t bands() const { return bands_.size(); }
  const BarkBand& band(std::size_t i) const { return bands_[i]; }

  /// Pitch power densities of the frames that begin at these samples; zero for one that begins
  /// below zero.
  BarkRows powers(const Samples& sound, const std::vector<Index>& begins) const;

  /// Sum of the powers that exceed `factor` times the threshold; the lowest band does not count.
  double audible(const BarkRow& powers, double factor) const;

  /// Loudness density in sone per Bark (Zwicker's law).
  BarkRow loudness(const BarkRow& powers) const;

  /// L1 and L2 norms over the bands, weighted by their widths; the lowest band does not count.
  double norm1(const BarkRow& row) const;
  double norm2(const BarkRow& row) const;

 private:
  BarkRows batch_powers(const Samples& sound, std::span<const Index> begins) const;

  std::vector<BarkBand> bands_;
  std::vector<double> window_;
  double width_ = 0;  ///< of the bands that count, in Bark
};

}  // namespace lipsound2::eval::p862
