#include "pesq_sound.h"

#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <span>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/fft_irfft.h>
#include <ATen/ops/fft_rfft.h>
#include <ATen/ops/from_blob.h>

#include "lipsound2/core/tensor.h"

namespace lipsound2::eval::p862 {
namespace {

constexpr double kModelPower = 1e7;
constexpr double kFullScale = 32768;
constexpr Index kFade = 16;  // samples, before the headphone filter

/// One point of a magnitude response.
struct GainPoint {
  double hz;
  double db;
};

/// What counts for the level.
constexpr std::array<GainPoint, 26> kLevelBand{{
    {0, -500},    {50, -500},   {100, -500},  {125, -500},  {160, -500},  {200, -500}, {250, -500},
    {300, -500},  {350, 0},     {400, 0},     {500, 0},     {600, 0},     {630, 0},    {800, 0},
    {1000, 0},    {1250, 0},    {1600, 0},    {2000, 0},    {2500, 0},    {3000, 0},   {3250, 0},
    {3500, -500}, {4000, -500}, {5000, -500}, {6300, -500}, {8000, -500},
}};

/// A receiving handset: the intermediate reference system, modified (P.862, clause 10.1.2).
constexpr std::array<GainPoint, 26> kHandset{{
    {0, -200},  {50, -40},    {100, -20},   {125, -12},   {160, -6},    {200, 0},   {250, 4},
    {300, 6},   {350, 8},     {400, 10},    {500, 11},    {600, 12},    {700, 12},  {800, 12},
    {1000, 12}, {1300, 12},   {1600, 12},   {2000, 12},   {2500, 12},   {3000, 12}, {3250, 12},
    {3500, 4},  {4000, -200}, {5000, -200}, {6300, -200}, {8000, -200},
}};

/// A recursive filter of second order: b over 1, a.
struct Biquad {
  double b0, b1, b2, a1, a2;
};

constexpr Biquad kHeadphones{2.740826, -5.4816519, 2.740826, -1.9444777, 0.94597794};

constexpr std::array<Biquad, 8> kAlignmentBand8k{{
    {0.885535424, -0.885535424, 0, -0.771070709, 0},
    {0.895092588, 1.292907193, 0.449260174, 1.268869037, 0.442025372},
    {4.049527940, -7.865190042, 3.815662102, -1.746859852, 0.786305963},
    {0.500002353, -0.500002353, 0, 0, 0},
    {0.565002834, -0.241585934, -0.306009671, 0.259688659, 0.249979657},
    {2.115237288, 0.919935084, 1.141240051, -1.587313419, 0.665935315},
    {0.912224584, -0.224397719, -0.641121413, -0.246029464, -0.556720590},
    {0.444617727, -0.307589321, 0.141638062, -0.996391149, 0.502251622},
}};

constexpr std::array<Biquad, 12> kAlignmentBand16k{{
    {0.325631521, -0.086782860, -0.238848661, -1.079416490, 0.434583902},
    {0.403961804, -0.556985881, 0.153024077, -0.415115835, 0.696590244},
    {4.736162769, 3.287251046, 1.753289019, -1.859599046, 0.876284034},
    {0.365373469, 0, 0, -0.634626531, 0},
    {0.884811506, 0, 0, -0.256725271, 0.141536777},
    {0.723593055, -1.447186099, 0.723593044, -1.129587469, 0.657232737},
    {1.644910855, -1.817280902, 1.249658063, -1.778403899, 0.801724355},
    {0.633692689, -0.284644314, -0.319789663, 0, 0},
    {1.032763031, 0.268428979, 0.602913323, 0, 0},
    {1.001616361, -0.823749013, 0.439731942, -0.885778255, 0},
    {0.752472096, -0.375388990, 0.188977609, -0.077258216, 0.247230734},
    {1.023700575, 0.001661628, 0.521284240, -0.183867259, 0.354324187},
}};

/// In dB, on straight lines between the points.
double gain_at(double hz, std::span<const GainPoint> points) {
  const auto next = std::ranges::upper_bound(points, hz, {}, &GainPoint::hz);
  if (next == points.end())
    return points.back().db;
  const GainPoint& last = *(next - 1);
  return last.db + (hz - last.hz) * (next->db - last.db) / (next->hz - last.hz);
}

/// A filter without delay for real Fourier transforms of one size. In single precision: the
/// transforms of whole sounds take most of the time else.
class Equalizer {
 public:
  /// 1000 Hz keeps its level.
  Equalizer(std::span<const GainPoint> points, std::size_t size, int rate)
      : size_(static_cast<std::int64_t>(size)) {
    const double bin_hz = rate / static_cast<double>(size);
    const double at_1000_hz = gain_at(1000, points);
    const Tensor db = at::empty({size_ / 2 + 1});
    float* const values = db.mutable_data_ptr<float>();
    for (std::int64_t bin = 0, point = 0; bin <= size_ / 2; ++bin) {
      const double hz = static_cast<double>(bin) * bin_hz;
      while (point + 2 < std::ssize(points) && points[point + 1].hz <= hz)
        ++point;
      values[bin] = static_cast<float>(gain_at(hz, points.subspan(point, 2)) - at_1000_hz);
    }
    gains_ = (db * (std::numbers::ln10 / 20)).exp();
  }

  Samples operator()(std::span<const double> sound) const {
    std::vector<float> samples(sound.begin(), sound.end());
    const Tensor x = at::from_blob(samples.data(), {std::ssize(samples)}, at::kFloat);
    const Tensor y = at::fft_irfft(at::fft_rfft(x, size_) * gains_, size_);
    const float* const filtered = y.const_data_ptr<float>();
    return {filtered, filtered + sound.size()};
  }

 private:
  std::int64_t size_;
  Tensor gains_;
};

/// Where the sound and its tail are.
std::span<const double> between_guards(const GuardedSound& sound, const Layout& layout) {
  return {sound.samples.begin() + layout.guard,
          sound.samples.begin() + sound.length - layout.guard + layout.tail};
}

/// Of the sound and its tail.
std::size_t transform_size(const GuardedSound& sound, const Layout& layout) {
  return std::bit_ceil(between_guards(sound, layout).size());
}

Equalizer equalizer_for(const GuardedSound& sound,
                        std::span<const GainPoint> points,
                        const Layout& layout) {
  return {points, transform_size(sound, layout), layout.rate};
}

/// One for each sound; one for both where the sizes of their transforms are the same.
struct EqualizerPair {
  EqualizerPair(const GuardedPair& pair, std::span<const GainPoint> points, const Layout& layout)
      : reference(equalizer_for(pair.reference, points, layout)),
        degraded(transform_size(pair.degraded, layout) == transform_size(pair.reference, layout)
                     ? reference
                     : equalizer_for(pair.degraded, points, layout)) {}

  Equalizer reference;
  Equalizer degraded;
};

/// The cascade of the sections, one sample after another, in the transposed form: its path from
/// input to output is short.
Samples filtered(Samples sound, std::span<const Biquad> sections) {
  struct Memory {
    double next = 0;
    double after = 0;
  };
  std::vector<Memory> memories(sections.size());
  for (double& sample : sound)
    for (std::size_t i = 0; i < sections.size(); ++i) {
      const Biquad& section = sections[i];
      Memory& memory = memories[i];
      const double in = sample;
      sample = section.b0 * in + memory.next;
      memory.next = section.b1 * in - section.a1 * sample + memory.after;
      memory.after = section.b2 * in - section.a2 * sample;
    }
  return sound;
}

GuardedSound guarded(const Samples& sound, Index longer, const Layout& layout) {
  GuardedSound result;
  result.length = std::ssize(sound) + 2 * layout.guard;
  result.samples.resize(static_cast<std::size_t>(longer + 2 * layout.guard + layout.tail));
  std::ranges::transform(
      sound, result.samples.begin() + layout.guard, [](double x) { return kFullScale * x; });
  return result;
}

/// Both sounds' energies are divided by the longer one's length.
GuardedSound at_model_level(GuardedSound sound,
                            const Equalizer& level_band,
                            Index pair_length,
                            const Layout& layout) {
  double energy = 0;
  for (const double sample : level_band(between_guards(sound, layout)))
    energy += sample * sample;
  const double power = energy / static_cast<double>(pair_length - 2 * layout.guard + layout.tail);
  const double scale = power > 0 ? std::sqrt(kModelPower / power) : 0;
  for (double& sample : sound.samples)
    sample *= scale;
  return sound;
}

/// Removes the mean and fades both ends over 4 ms.
Samples without_mean(const GuardedSound& sound, const Layout& layout) {
  Samples result = sound.samples;
  const std::span<double> middle(result.begin() + layout.guard,
                                 result.begin() + sound.length - layout.guard);
  double sum = 0;
  for (const double sample : middle)
    sum += sample;
  for (double& sample : middle)
    sample -= sum / static_cast<double>(sound.length);
  for (Index i = 0; i < layout.step; ++i) {
    const double ramp = (0.5 + static_cast<double>(i)) / static_cast<double>(layout.step);
    middle[i] *= ramp;
    middle[middle.size() - 1 - i] *= ramp;
  }
  return result;
}

/// Only the sound itself, with its ends faded over a millisecond.
Samples faded(const GuardedSound& sound, const Layout& layout) {
  Samples result = sound.samples;
  for (Index i = 0; i < kFade; ++i) {
    const double ramp = static_cast<double>(i) / kFade;
    result[layout.guard + i - 1] *= ramp;
    result[sound.length - layout.guard - i] *= ramp;
  }
  return result;
}

GuardedSound through_handset(const GuardedSound& sound,
                             const Equalizer& handset,
                             const Layout& layout) {
  GuardedSound result = sound;
  std::ranges::copy(handset(between_guards(sound, layout)), result.samples.begin() + layout.guard);
  return result;
}

/// The filter stops with the sound: nothing rings behind it.
GuardedSound through_headphones(const GuardedSound& sound, const Layout& layout) {
  GuardedSound result{filtered(faded(sound, layout), {&kHeadphones, 1}), sound.length};
  std::fill(result.samples.begin() + sound.length - layout.guard, result.samples.end(), 0);
  return result;
}

}  // namespace

GuardedPair at_model_level(const Samples& reference,
                           const Samples& degraded,
                           const Layout& layout) {
  const Index longer = std::max(std::ssize(reference), std::ssize(degraded));
  const GuardedPair pair{guarded(reference, longer, layout), guarded(degraded, longer, layout)};
  const EqualizerPair level_band(pair, kLevelBand, layout);
  return {at_model_level(pair.reference, level_band.reference, pair.length(), layout),
          at_model_level(pair.degraded, level_band.degraded, pair.length(), layout)};
}

GuardedPair listened(const GuardedPair& pair, PesqBand band, const Layout& layout) {
  if (band == PesqBand::kWide)
    return {through_headphones(pair.reference, layout), through_headphones(pair.degraded, layout)};
  const EqualizerPair handset(pair, kHandset, layout);
  return {through_handset(pair.reference, handset.reference, layout),
          through_handset(pair.degraded, handset.degraded, layout)};
}

Samples alignment_band(const GuardedSound& sound, const Layout& layout) {
  Samples result = without_mean(sound, layout);
  if (layout.rate == 8000)
    return filtered(std::move(result), kAlignmentBand8k);
  return filtered(std::move(result), kAlignmentBand16k);
}

}  // namespace lipsound2::eval::p862
