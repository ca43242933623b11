#include "lipsound2/eval/stoi.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/view_as_real.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/tensor.h"

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

using Samples = std::vector<double>;
/// Magnitudes of the one-third octave bands of one frame.
using Bands = std::array<double, kBands>;
/// One band over one segment, or one frame's bands.
using Segment = std::array<std::array<double, kSegment>, kBands>;

struct Pair {
  Samples reference;
  Samples degraded;
};

/// The window of MATLAB's hanning(256): symmetric, without zeros at the ends.
std::array<double, kFrame> make_window() {
  std::array<double, kFrame> window;
  for (std::size_t i = 0; i < kFrame; ++i)
    window[i] =
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i + 1) / (kFrame + 1));
  return window;
}

/// Windowed frames, one after another; the last one ends at or before the last sample.
Samples cut_frames(const Samples& sound) {
  const auto window = make_window();
  Samples frames;
  for (std::size_t start = 0; start + kFrame < sound.size(); start += kHop)
    for (std::size_t i = 0; i < kFrame; ++i)
      frames.push_back(sound[start + i] * window[i]);
  return frames;
}

/// Energy in dB of each windowed frame.
Samples frame_energies(const Samples& frames) {
  Samples energies;
  for (std::size_t start = 0; start < frames.size(); start += kFrame) {
    double sum = 0;
    for (std::size_t i = 0; i < kFrame; ++i)
      sum += frames[start + i] * frames[start + i];
    energies.push_back(10 * std::log10(sum + kTiny * kTiny));
  }
  return energies;
}

/// Overlap-adds the frames that are marked, closing the gaps.
Samples join_frames(const Samples& frames, const std::vector<std::size_t>& kept) {
  Samples sound(kept.empty() ? 0 : (kept.size() - 1) * kHop + kFrame);
  for (std::size_t k = 0; k < kept.size(); ++k)
    for (std::size_t i = 0; i < kFrame; ++i)
      sound[k * kHop + i] += frames[kept[k] * kFrame + i];
  return sound;
}

/// Both sounds without the frames in which the reference lies 40 dB or more below its loudest one.
Pair remove_silence(const Pair& pair) {
  const Samples reference = cut_frames(pair.reference);
  const Samples degraded = cut_frames(pair.degraded);
  const Samples energies = frame_energies(reference);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < energies.size(); ++i)
    if (energies[i] > *std::max_element(energies.begin(), energies.end()) - kDynamicRangeDb)
      kept.push_back(i);
  return {join_frames(reference, kept), join_frames(degraded, kept)};
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

std::vector<Bands> third_octaves(const Samples& sound) {
  Samples frames = cut_frames(sound);
  const std::size_t count = frames.size() / kFrame;
  if (count == 0)
    return {};
  const Tensor windows =
      at::from_blob(frames.data(), {static_cast<std::int64_t>(count), kFrame}, at::kDouble);
  const Tensor spectrum = at::view_as_real(at::fft_rfft(windows, kFft)).contiguous();
  const double* const parts = spectrum.const_data_ptr<double>();
  constexpr std::size_t kRow = 2 * (kFft / 2 + 1);
  const auto edges = band_edges();
  std::vector<Bands> result(count);
  for (std::size_t frame = 0; frame < count; ++frame)
    for (std::size_t band = 0; band < kBands; ++band) {
      double power = 0;
      for (std::size_t i = 2 * edges[band]; i < 2 * edges[band + 1]; ++i)
        power += parts[frame * kRow + i] * parts[frame * kRow + i];
      result[frame][band] = std::sqrt(power);
    }
  return result;
}

Segment segment_ending(const std::vector<Bands>& bands, std::size_t end) {
  Segment segment;
  for (std::size_t band = 0; band < kBands; ++band)
    for (std::size_t i = 0; i < kSegment; ++i)
      segment[band][i] = bands[end - kSegment + i][band];
  return segment;
}

template <class Row>
double energy(const Row& row) {
  double sum = 0;
  for (const double x : row)
    sum += x * x;
  return sum;
}

template <class Row>
Row standardized(Row row) {
  double mean = 0;
  for (const double x : row)
    mean += x / static_cast<double>(row.size());
  for (double& x : row)
    x -= mean;
  const double length = std::sqrt(energy(row)) + kTiny;
  for (double& x : row)
    x /= length;
  return row;
}

template <class Row>
double product(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

/// Mean correlation of the bands after scaling and clipping (Taal et al. 2011, equations 3 to 5).
double segment_stoi(const Segment& reference, const Segment& degraded) {
  const double headroom = 1 + std::pow(10, -kLowestSdrDb / 20);
  double sum = 0;
  for (std::size_t band = 0; band < kBands; ++band) {
    const auto& x = reference[band];
    auto y = degraded[band];
    const double scale = std::sqrt(energy(x)) / (std::sqrt(energy(y)) + kTiny);
    for (std::size_t i = 0; i < kSegment; ++i)
      y[i] = std::min(y[i] * scale, x[i] * headroom);
    sum += product(standardized(x), standardized(y));
  }
  return sum / kBands;
}

/// A segment's frames after its rows are standardized and then its columns.
std::vector<Bands> spectrally_standardized(Segment segment) {
  for (auto& row : segment)
    row = standardized(row);
  std::vector<Bands> frames(kSegment);
  for (std::size_t i = 0; i < kSegment; ++i) {
    for (std::size_t band = 0; band < kBands; ++band)
      frames[i][band] = segment[band][i];
    frames[i] = standardized(frames[i]);
  }
  return frames;
}

/// Mean correlation of the frames' spectra (Jensen and Taal 2016, equations 4 to 7).
double segment_estoi(const Segment& reference, const Segment& degraded) {
  const auto x = spectrally_standardized(reference);
  const auto y = spectrally_standardized(degraded);
  double sum = 0;
  for (std::size_t i = 0; i < kSegment; ++i)
    sum += product(x[i], y[i]);
  return sum / kSegment;
}

Samples prepare(const audio::Waveform& sound, std::size_t length, const char* which) {
  audio::Waveform cut{
      {sound.samples.begin(), sound.samples.begin() + static_cast<std::ptrdiff_t>(length)},
      sound.rate};
  for (std::size_t i = 0; i < length; ++i)
    require(std::isfinite(cut.samples[i]),
            ErrorKind::kNumeric,
            "{} sound: expected finite samples, found {} at {}",
            which,
            cut.samples[i],
            i);
  return resample_polyphase(cut, kRate);
}

}  // namespace

std::optional<StoiScores> stoi(const audio::Waveform& reference, const audio::Waveform& degraded) {
  require(
      reference.rate == degraded.rate && reference.rate > 0,
      ErrorKind::kData,
      "expected two sounds of the same sample rate, found {} Hz (reference) and {} Hz (degraded)",
      reference.rate,
      degraded.rate);
  const std::size_t length = std::min(reference.samples.size(), degraded.samples.size());
  const Pair pair{prepare(reference, length, "reference"), prepare(degraded, length, "degraded")};
  if (energy(pair.reference) == 0)
    return std::nullopt;
  const Pair speech = remove_silence(pair);
  const auto x = third_octaves(speech.reference);
  const auto y = third_octaves(speech.degraded);
  if (x.size() < kSegment)
    return std::nullopt;
  StoiScores sum;
  for (std::size_t end = kSegment; end <= x.size(); ++end) {
    const Segment of_reference = segment_ending(x, end);
    const Segment of_degraded = segment_ending(y, end);
    sum.stoi += segment_stoi(of_reference, of_degraded);
    sum.estoi += segment_estoi(of_reference, of_degraded);
  }
  const auto segments = static_cast<double>(x.size() - kSegment + 1);
  return StoiScores{sum.stoi / segments, sum.estoi / segments};
}

}  // namespace lipsound2::eval
