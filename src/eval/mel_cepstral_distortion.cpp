#include "lipsound2/eval/mel_cepstral_distortion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "lipsound2/core/error.h"

#include "checked_sound.h"
#include "spectrum.h"
#include "time_warping.h"

namespace lipsound2::eval {
namespace {

constexpr double kMcdWindowSeconds = 0.025;
constexpr double kMcdHopSeconds = 0.010;
constexpr double kMcdHighestHz = 8000;
constexpr std::size_t kMcdBands = 40;
constexpr std::size_t kMcdCoefficients = 13;
constexpr double kMcdLowestBandEnergy = 1e-6;   // -60 dB, of the largest band energy
constexpr double kMcdLowestFrameEnergy = 1e-4;  // -40 dB, of the loudest frame
constexpr std::size_t kMcdMostWarpedPairs = std::size_t{1} << 28;  // a byte each

using MelEnergies = std::array<double, kMcdBands>;
using MelCepstrum = std::array<double, kMcdCoefficients>;

struct CepstralFrames {
  std::vector<MelCepstrum> cepstra;
  std::vector<bool> speech;  ///< frames that count
};

double mel_to_hz(double mel) {
  return 700 * (std::pow(10, mel / 2595) - 1);
}

/// Edges of the triangles: band b rises from edge b to edge b + 1 and falls to edge b + 2.
std::array<double, kMcdBands + 2> band_edges_hz(int rate) {
  const double highest_mel = 2595 * std::log10(1 + std::min(kMcdHighestHz, rate / 2.0) / 700);
  std::array<double, kMcdBands + 2> edges;
  for (std::size_t i = 0; i < edges.size(); ++i)
    edges[i] = mel_to_hz(highest_mel * static_cast<double>(i) / (kMcdBands + 1));
  return edges;
}

MelEnergies mel_energies(const std::vector<double>& powers,
                         const std::array<double, kMcdBands + 2>& edges,
                         double hz_per_bin) {
  MelEnergies energies{};
  for (std::size_t band = 0; band < kMcdBands; ++band) {
    const double low = edges[band];
    const double peak = edges[band + 1];
    const double high = edges[band + 2];
    const auto first = static_cast<std::size_t>(std::ceil(low / hz_per_bin));
    for (std::size_t bin = first; bin < powers.size(); ++bin) {
      const double hz = static_cast<double>(bin) * hz_per_bin;
      if (hz >= high)
        break;
      energies[band] +=
          powers[bin] * std::min((hz - low) / (peak - low), (high - hz) / (high - peak));
    }
  }
  return energies;
}

MelCepstrum mel_cepstrum(const MelEnergies& energies, double floor) {
  MelCepstrum cepstrum{};
  for (std::size_t m = 1; m <= kMcdCoefficients; ++m)
    for (std::size_t band = 0; band < kMcdBands; ++band)
      cepstrum[m - 1] += std::log(std::max(energies[band], floor)) / kMcdBands *
                         std::cos(std::numbers::pi * static_cast<double>(m) *
                                  (static_cast<double>(band) + 0.5) / kMcdBands);
  return cepstrum;
}

/// No frame when the sound is silent or shorter than a frame.
CepstralFrames cepstral_frames(const SoundSamples& samples, int rate) {
  const auto framing = spectrum_framing(kMcdWindowSeconds, kMcdHopSeconds, rate);
  const auto edges = band_edges_hz(rate);
  std::vector<MelEnergies> frames;
  std::vector<double> sums;
  double largest = 0;
  for (const auto& powers : power_frames(samples, framing)) {
    frames.push_back(mel_energies(powers, edges, rate / static_cast<double>(framing.fft())));
    const auto& bands = frames.back();
    largest = std::max(largest, *std::max_element(bands.begin(), bands.end()));
    sums.push_back(std::accumulate(bands.begin(), bands.end(), 0.0));
  }
  CepstralFrames result;
  if (largest == 0)
    return result;
  const double loudest = *std::max_element(sums.begin(), sums.end());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    result.cepstra.push_back(mel_cepstrum(frames[i], kMcdLowestBandEnergy * largest));
    result.speech.push_back(sums[i] > kMcdLowestFrameEnergy * loudest);
  }
  return result;
}

double cepstral_distance(const MelCepstrum& a, const MelCepstrum& b) {
  double sum = 0;
  for (std::size_t i = 0; i < kMcdCoefficients; ++i)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return 10 / std::numbers::ln10 * std::sqrt(2 * sum);
}

/// Mean distortion over the pairs of frames whose reference frame counts.
double mean_distortion(const CepstralFrames& x, const CepstralFrames& y, const WarpingPath& path) {
  double sum = 0;
  std::size_t count = 0;
  for (const auto& [i, j] : path)
    if (x.speech[i]) {
      sum += cepstral_distance(x.cepstra[i], y.cepstra[j]);
      ++count;
    }
  return sum / static_cast<double>(count);
}

}  // namespace

std::optional<double> mel_cepstral_distortion(const audio::Waveform& reference,
                                              const audio::Waveform& degraded) {
  SoundPair sounds = check_sounds(reference, degraded);
  const std::size_t length = std::min(sounds.reference.size(), sounds.degraded.size());
  sounds.reference.resize(length);
  sounds.degraded.resize(length);
  const auto x = cepstral_frames(sounds.reference, sounds.rate);
  const auto y = cepstral_frames(sounds.degraded, sounds.rate);
  if (x.cepstra.empty() || y.cepstra.empty())
    return std::nullopt;
  WarpingPath path;
  for (std::size_t i = 0; i < x.cepstra.size(); ++i)
    path.push_back({i, i});
  return mean_distortion(x, y, path);
}

std::optional<double> mel_cepstral_distortion_dtw(const audio::Waveform& reference,
                                                  const audio::Waveform& degraded) {
  const SoundPair sounds = check_sounds(reference, degraded);
  const auto x = cepstral_frames(sounds.reference, sounds.rate);
  const auto y = cepstral_frames(sounds.degraded, sounds.rate);
  if (x.cepstra.empty() || y.cepstra.empty())
    return std::nullopt;
  require(x.cepstra.size() <= kMcdMostWarpedPairs / y.cepstra.size(),
          ErrorKind::kData,
          "time warping: expected at most {} pairs of frames, found {} times {}",
          kMcdMostWarpedPairs,
          x.cepstra.size(),
          y.cepstra.size());
  const auto distance = [&](std::size_t i, std::size_t j) {
    return cepstral_distance(x.cepstra[i], y.cepstra[j]);
  };
  return mean_distortion(x, y, warp_time({x.cepstra.size(), y.cepstra.size()}, distance));
}

}  // namespace lipsound2::eval
