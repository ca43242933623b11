#include "lipsound2/eval/stoi.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/view_as_real.h>

#include "lipsound2/core/tensor.h"
#include "lipsound2/core/vectorized.h"

#include "checked_sound.h"
#include "polyphase.h"

namespace lipsound2::eval {
namespace {

constexpr int kRate = 10000;
constexpr std::size_t kFrame = 256;
constexpr std::size_t kHop = 128;
constexpr std::size_t kFft = 512;
constexpr std::size_t kBands = 15;
constexpr double kLowestCenterHz = 150;
constexpr std::size_t kSegment = 30;  // frames, 384 ms
constexpr double kDynamicRangeDb = 40;
constexpr double kLowestSdrDb = -15;  // beta of the paper
constexpr double kTiny = 1e-15;       // keeps silence from dividing by zero

/// Magnitudes of the one-third octave bands of one frame, and zeros that fill vector registers.
constexpr std::size_t kLanes = 16;
using Bands = std::array<double, kLanes>;
/// The frames of a segment. Loops over its lanes are innermost.
using Segment = std::array<Bands, kSegment>;
using SegmentView = std::span<const Bands, kSegment>;

using Window = std::array<double, kFrame>;

/// The window of MATLAB's hanning(256): symmetric, without zeros at the ends.
Window make_window() {
  Window window;
  for (std::size_t i = 0; i < kFrame; ++i)
    window[i] =
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i + 1) / (kFrame + 1));
  return window;
}

const Window& frame_window() {
  static const Window window = make_window();
  return window;
}

/// Frames begin every kHop samples; the last one ends before the last sample.
std::size_t frame_count(const SoundSamples& sound) {
  return sound.size() > kFrame ? (sound.size() - kFrame - 1) / kHop + 1 : 0;
}

/// Windowed frames, one after another, each with zeros behind it that fill the transform.
SoundSamples cut_frames(const SoundSamples& sound, std::size_t first, std::size_t count) {
  const Window& window = frame_window();
  SoundSamples frames(count * kFft);
  for (std::size_t frame = 0; frame < count; ++frame)
    for (std::size_t i = 0; i < kFrame; ++i)
      frames[frame * kFft + i] = sound[(first + frame) * kHop + i] * window[i];
  return frames;
}

/// The frames that lie less than 40 dB below the loudest one.
std::vector<std::size_t> frames_of_speech(const SoundSamples& sound) {
  const Window& window = frame_window();
  std::vector<double> decibels(frame_count(sound));
  for (std::size_t frame = 0; frame < decibels.size(); ++frame) {
    double energy = 0;
    for (std::size_t i = 0; i < kFrame; ++i) {
      const double x = sound[frame * kHop + i] * window[i];
      energy += x * x;
    }
    decibels[frame] = 10 * std::log10(energy + kTiny * kTiny);
  }
  std::vector<std::size_t> kept;
  const auto loudest = std::ranges::max_element(decibels);
  for (std::size_t frame = 0; frame < decibels.size(); ++frame)
    if (decibels[frame] > *loudest - kDynamicRangeDb)
      kept.push_back(frame);
  return kept;
}

/// Overlap-adds the windowed frames that are kept, closing the gaps.
SoundSamples join_frames(const SoundSamples& sound, const std::vector<std::size_t>& kept) {
  const Window& window = frame_window();
  SoundSamples joined(kept.empty() ? 0 : (kept.size() - 1) * kHop + kFrame);
  for (std::size_t k = 0; k < kept.size(); ++k)
    for (std::size_t i = 0; i < kFrame; ++i)
      joined[k * kHop + i] += sound[kept[k] * kHop + i] * window[i];
  return joined;
}

/// First Fourier bin of each band, and the one after the last band: the bins nearest to the edges.
std::array<std::size_t, kBands + 1> band_edges() {
  std::array<std::size_t, kBands + 1> edges;
  for (std::size_t i = 0; i <= kBands; ++i) {
    const double hz = kLowestCenterHz * std::exp2((2.0 * static_cast<double>(i) - 1) / 6);
    edges[i] = static_cast<std::size_t>(std::lround(hz * kFft / kRate));
  }
  return edges;
}

/// Transforms so many frames at a time that all stay in the cache.
std::vector<Bands> third_octaves(const SoundSamples& sound) {
  constexpr std::size_t kBatch = 64;
  constexpr std::size_t kRow = 2 * (kFft / 2 + 1);
  const auto edges = band_edges();
  std::vector<Bands> result(frame_count(sound));
  for (std::size_t first = 0; first < result.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, result.size() - first);
    SoundSamples frames = cut_frames(sound, first, count);
    const Tensor windows =
        at::from_blob(frames.data(), {static_cast<std::int64_t>(count), kFft}, at::kDouble);
    const Tensor spectrum = at::view_as_real(at::fft_rfft(windows)).contiguous();
    const double* parts = spectrum.const_data_ptr<double>();
    for (std::size_t frame = 0; frame < count; ++frame, parts += kRow)
      for (std::size_t band = 0; band < kBands; ++band) {
        double power = 0;
        for (std::size_t i = 2 * edges[band]; i < 2 * edges[band + 1]; ++i)
          power += parts[i] * parts[i];
        result[first + frame][band] = std::sqrt(power);
      }
  }
  return result;
}

/// Sums of a[i] * b[i] over the frames of a segment, for each band.
[[gnu::always_inline]] inline Bands band_products(SegmentView a, SegmentView b) {
  Bands sums{};
  for (std::size_t i = 0; i < kSegment; ++i)
    for (std::size_t band = 0; band < kLanes; ++band)
      sums[band] += a[i][band] * b[i][band];
  return sums;
}

/// Without the mean of each band.
[[gnu::always_inline]] inline Segment centered(SegmentView frames) {
  Bands mean{};
  for (const Bands& frame : frames)
    for (std::size_t band = 0; band < kLanes; ++band)
      mean[band] += frame[band];
  for (double& x : mean)
    x /= kSegment;
  Segment result;
  for (std::size_t i = 0; i < kSegment; ++i)
    for (std::size_t band = 0; band < kLanes; ++band)
      result[i][band] = frames[i][band] - mean[band];
  return result;
}

/// `degraded` at the energy of `reference`, band by band, and clipped (Taal et al. 2011, equation
/// 3).
[[gnu::always_inline]] inline Segment clipped(SegmentView reference, SegmentView degraded) {
  const double headroom = 1 + std::pow(10, -kLowestSdrDb / 20);
  const Bands x = band_products(reference, reference);
  const Bands y = band_products(degraded, degraded);
  Bands scale;
  for (std::size_t band = 0; band < kLanes; ++band)
    scale[band] = std::sqrt(x[band]) / (std::sqrt(y[band]) + kTiny);
  Segment result;
  for (std::size_t i = 0; i < kSegment; ++i)
    for (std::size_t band = 0; band < kLanes; ++band)
      result[i][band] = std::min(degraded[i][band] * scale[band], reference[i][band] * headroom);
  return result;
}

/// Mean correlation of the bands (equations 4 and 5).
[[gnu::always_inline]] inline double mean_band_correlation(const Segment& x, const Segment& y) {
  const Bands xx = band_products(x, x);
  const Bands yy = band_products(y, y);
  const Bands xy = band_products(x, y);
  double sum = 0;
  for (std::size_t band = 0; band < kLanes; ++band)
    sum += xy[band] / ((std::sqrt(xx[band]) + kTiny) * (std::sqrt(yy[band]) + kTiny));
  return sum / kBands;
}

/// A segment without the means of its bands, each band at length 1.
[[gnu::always_inline]] inline Segment standardized(Segment segment) {
  Bands factor = band_products(segment, segment);
  for (double& x : factor)
    x = 1 / (std::sqrt(x) + kTiny);
  for (Bands& frame : segment)
    for (std::size_t band = 0; band < kLanes; ++band)
      frame[band] *= factor[band];
  return segment;
}

/// Without the mean of its bands.
[[gnu::always_inline]] inline Bands centered(Bands frame) {
  double mean = 0;
  for (const double x : frame)
    mean += x;
  mean /= kBands;
  for (std::size_t band = 0; band < kBands; ++band)
    frame[band] -= mean;
  return frame;
}

[[gnu::always_inline]] inline double frame_correlation(const Bands& x, const Bands& y) {
  const Bands u = centered(x);
  const Bands v = centered(y);
  const double xx = dot(u.data(), u.data(), kLanes);
  const double yy = dot(v.data(), v.data(), kLanes);
  const double xy = dot(u.data(), v.data(), kLanes);
  return xy / ((std::sqrt(xx) + kTiny) * (std::sqrt(yy) + kTiny));
}

/// Mean correlation of the frames' spectra (Jensen and Taal 2016, equations 4 to 7).
[[gnu::always_inline]] inline double mean_frame_correlation(const Segment& x, const Segment& y) {
  double sum = 0;
  for (std::size_t i = 0; i < kSegment; ++i)
    sum += frame_correlation(x[i], y[i]);
  return sum / kSegment;
}

[[gnu::always_inline]] inline StoiScores score_segment(SegmentView reference,
                                                       SegmentView degraded) {
  const Segment x = centered(reference);
  return {mean_band_correlation(x, centered(clipped(reference, degraded))),
          mean_frame_correlation(standardized(x), standardized(centered(degraded)))};
}

}  // namespace

std::optional<StoiScores> stoi(const audio::Waveform& reference, const audio::Waveform& degraded) {
  const SoundPair sounds = check_sounds(reference, degraded);
  const std::size_t length = std::min(sounds.reference.size(), sounds.degraded.size());
  const PolyphaseResampler resample(sounds.rate, kRate);
  const SoundSamples whole = resample(std::span(sounds.reference).first(length));
  if (std::ranges::all_of(whole, [](double x) { return x == 0; }))
    return std::nullopt;
  const auto speech = frames_of_speech(whole);
  const auto x = third_octaves(join_frames(whole, speech));
  const auto y =
      third_octaves(join_frames(resample(std::span(sounds.degraded).first(length)), speech));
  if (x.size() < kSegment)
    return std::nullopt;
  StoiScores sum;
  run_vectorized([&]() __attribute__((always_inline)) {
    for (std::size_t first = 0; first + kSegment <= x.size(); ++first) {
      const StoiScores scores = score_segment(std::span(x).subspan(first).first<kSegment>(),
                                              std::span(y).subspan(first).first<kSegment>());
      sum.stoi += scores.stoi;
      sum.estoi += scores.estoi;
    }
  });
  const auto segments = static_cast<double>(x.size() - kSegment + 1);
  return StoiScores{sum.stoi / segments, sum.estoi / segments};
}

}  // namespace lipsound2::eval
