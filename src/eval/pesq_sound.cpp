#include "pesq_sound.h"

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

#include "pesq_filters.h"

namespace lipsound2::eval::p862 {
namespace {

constexpr double kModelPower = 1e7;
constexpr double kFullScale = 32768;
constexpr Index kFade = 16;  // samples, before the headphone filter

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
