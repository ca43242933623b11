#include "pesq_ear.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>

#include "lipsound2/core/tensor.h"

#include "spectrum.h"

namespace lipsound2::eval::p862 {
namespace {

/// A row of the tables of P.862 for 16 kHz. Those for 8 kHz are its first 42 rows, the last of
/// them narrower by one bin.
struct BarkEntry {
  std::size_t bins;
  double center_bark;
  double width_bark;
  double correction;
  double threshold;
};

constexpr std::array<BarkEntry, kMostBands> kBarkTable{{
    {1, 0.078672, 0.157344, 100.000000, 51286152},
    {1, 0.316341, 0.317994, 99.999992, 2454709.5},
    {1, 0.636559, 0.322441, 100.000000, 70794.59375},
    {1, 0.961246, 0.326934, 100.000008, 4897.788574},
    {1, 1.290450, 0.331474, 100.000008, 1174.897705},
    {1, 1.624217, 0.336061, 100.000015, 389.045166},
    {1, 1.962597, 0.340697, 99.999992, 104.71286},
    {1, 2.305636, 0.345381, 99.999969, 45.70882},
    {2, 2.653383, 0.350114, 50.000027, 17.782795},
    {1, 3.005889, 0.354897, 100.000000, 9.772372},
    {1, 3.363201, 0.359729, 99.999969, 4.897789},
    {1, 3.725371, 0.364611, 100.000015, 3.090296},
    {1, 4.092449, 0.369544, 99.999947, 1.905461},
    {1, 4.464486, 0.374529, 100.000061, 1.258925},
    {2, 4.841533, 0.379565, 53.047077, 0.977237},
    {1, 5.223642, 0.384653, 110.000046, 0.724436},
    {1, 5.610866, 0.389794, 117.991989, 0.562341},
    {2, 6.003256, 0.394989, 65.000000, 0.457088},
    {2, 6.400869, 0.400236, 68.760147, 0.389045},
    {2, 6.803755, 0.405538, 69.999931, 0.331131},
    {2, 7.211971, 0.410894, 71.428818, 0.295121},
    {2, 7.625571, 0.416306, 75.000038, 0.269153},
    {2, 8.044611, 0.421773, 76.843384, 0.25704},
    {2, 8.469146, 0.427297, 80.968781, 0.251189},
    {2, 8.899232, 0.432877, 88.646126, 0.251189},
    {3, 9.334927, 0.438514, 63.864388, 0.251189},
    {3, 9.776288, 0.444209, 68.155350, 0.251189},
    {3, 10.223374, 0.449962, 72.547775, 0.263027},
    {3, 10.676242, 0.455774, 75.584831, 0.288403},
    {4, 11.134952, 0.461645, 58.379192, 0.30903},
    {3, 11.599563, 0.467577, 80.950836, 0.338844},
    {4, 12.070135, 0.473569, 64.135651, 0.371535},
    {5, 12.546731, 0.479621, 54.384785, 0.398107},
    {4, 13.029408, 0.485736, 73.821884, 0.436516},
    {5, 13.518232, 0.491912, 64.437073, 0.467735},
    {6, 14.013264, 0.498151, 59.176456, 0.489779},
    {6, 14.514566, 0.504454, 65.521278, 0.501187},
    {7, 15.022202, 0.510819, 61.399822, 0.501187},
    {8, 15.536238, 0.517250, 58.144047, 0.512861},
    {9, 16.056736, 0.523745, 57.004543, 0.524807},
    {9, 16.583761, 0.530308, 64.126297, 0.524807},
    {12, 17.117382, 0.536934, 54.311001, 0.524807},
    {12, 17.657663, 0.543629, 61.114979, 0.512861},
    {15, 18.204674, 0.550390, 55.077751, 0.47863},
    {16, 18.758478, 0.557220, 56.849335, 0.42658},
    {18, 19.319147, 0.564119, 55.628868, 0.371535},
    {21, 19.886751, 0.571085, 53.137054, 0.363078},
    {25, 20.461355, 0.578125, 54.985844, 0.416869},
    {20, 21.043034, 0.585232, 79.546974, 0.537032},
}};

constexpr std::size_t kBands8k = 42;
constexpr std::size_t kLastBins8k = 11;
constexpr double kLastCorrection8k = 59.248363;
constexpr double kPowerScale8k = 2.764344e-5;
constexpr double kPowerScale16k = 6.910853e-6;
constexpr double kLoudnessScale = 1.866055e-1;
constexpr double kZwickerPower = 0.23;

/// Loudness grows faster with power below 4 Bark.
double loudness_exponent(double center_bark) {
  const double h = center_bark < 4 ? std::min(6 / (center_bark + 2), 2.0) : 1;
  return kZwickerPower * std::pow(h, 0.15);
}

std::vector<BarkBand> bark_bands(int rate) {
  const bool narrow = rate == 8000;
  const double scale = narrow ? kPowerScale8k : kPowerScale16k;
  std::vector<BarkBand> bands;
  std::size_t bin = 0;
  for (std::size_t i = 0; i < (narrow ? kBands8k : kMostBands); ++i) {
    BarkEntry entry = kBarkTable[i];
    if (narrow && i + 1 == kBands8k) {
      entry.bins = kLastBins8k;
      entry.correction = kLastCorrection8k;
    }
    const double exponent = loudness_exponent(entry.center_bark);
    bands.push_back({bin,
                     bin + entry.bins,
                     entry.width_bark,
                     entry.correction * scale,
                     entry.threshold,
                     exponent,
                     kLoudnessScale * std::pow(entry.threshold / 0.5, exponent)});
    bin += entry.bins;
  }
  return bands;
}

}  // namespace

Ear::Ear(const Layout& layout)
    : bands_(bark_bands(layout.rate)),
      window_(periodic_hann(static_cast<std::size_t>(layout.frame))) {
  for (std::size_t i = 1; i < bands_.size(); ++i)
    width_ += bands_[i].width_bark;
}

BarkRows Ear::powers(const Samples& sound, const std::vector<Index>& begins) const {
  constexpr std::size_t kBatch = 64;  // frames at a time, so that they stay in the cache
  BarkRows rows;
  for (std::size_t first = 0; first < begins.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, begins.size() - first);
    for (const BarkRow& row : batch_powers(sound, {begins.data() + first, count}))
      rows.push_back(row);
  }
  return rows;
}

BarkRows Ear::batch_powers(const Samples& sound, std::span<const Index> begins) const {
  const auto length = static_cast<Index>(window_.size());
  const Tensor frames = at::zeros({std::ssize(begins), length}, at::kDouble);
  double* frame = frames.mutable_data_ptr<double>();
  for (const Index begin : begins) {
    for (Index k = 0; k < length && begin >= 0; ++k)
      frame[k] = window_[k] * sound[begin + k];
    frame += length;
  }
  const Tensor spectra = at::view_as_real(at::fft_rfft(frames)).contiguous();
  const double* bins = spectra.const_data_ptr<double>();
  BarkRows rows(begins.size());
  for (BarkRow& row : rows) {
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      // Bin 0 is left out: the mean cannot be heard.
      for (std::size_t k = std::max<std::size_t>(bands_[b].first_bin, 1); k < bands_[b].end_bin;
           ++k)
        row[b] += bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
      row[b] *= bands_[b].power_scale;
    }
    bins += length + 2;
  }
  return rows;
}

double Ear::audible(const BarkRow& powers, double factor) const {
  double sum = 0;
  for (std::size_t i = 1; i < bands_.size(); ++i)
    if (powers[i] > factor * bands_[i].threshold)
      sum += powers[i];
  return sum;
}

BarkRow Ear::loudness(const BarkRow& powers) const {
  BarkRow row{};
  for (std::size_t i = 0; i < bands_.size(); ++i) {
    const BarkBand& band = bands_[i];
    if (powers[i] > band.threshold)
      row[i] = band.loudness_scale *
               (std::pow(0.5 + 0.5 * powers[i] / band.threshold, band.exponent) - 1);
  }
  return row;
}

double Ear::norm1(const BarkRow& row) const {
  double sum = 0;
  for (std::size_t i = 1; i < bands_.size(); ++i)
    sum += std::abs(row[i]) * bands_[i].width_bark;
  return sum;
}

double Ear::norm2(const BarkRow& row) const {
  double sum = 0;
  for (std::size_t i = 1; i < bands_.size(); ++i)
    sum += std::pow(row[i] * bands_[i].width_bark, 2);
  return std::sqrt(sum * width_);
}

}  // namespace lipsound2::eval::p862
