#include "pesq_disturbance.h"

#include <algorithm>
#include <cmath>

namespace lipsound2::eval::p862 {
namespace {

constexpr double kSilentSum = 500;  // of five neighboring samples
constexpr double kSilentPower = 1e7;
constexpr double kLoudFactor = 100;  // 20 dB above the threshold of hearing
constexpr double kMostEqualization = 100;
constexpr double kLeastGain = 3e-4;
constexpr double kMostGain = 5;

/// Samples of `sound` in steps of `stride` from `begin` on before five in a row are not silent.
Index silent_samples(const Samples& sound, Index begin, Index stride, Index most) {
  Index count = 0;
  for (; count < most; ++count) {
    double sum = 0;
    for (Index i = 0; i < 5; ++i)
      sum += std::abs(sound[begin + stride * (count + i)]);
    if (sum >= kSilentSum)
      break;
  }
  return count;
}

/// Mean over all frames of what can be heard in those that are not silent.
BarkRow mean_audible(const BarkRows& rows,
                     const std::vector<double>& loud_power,
                     double count,
                     const Ear& ear) {
  BarkRow mean{};
  for (std::size_t frame = 0; frame < rows.size(); ++frame)
    for (std::size_t i = 0; i < ear.bands(); ++i)
      if (loud_power[frame] >= kSilentPower && rows[frame][i] > kLoudFactor * ear.band(i).threshold)
        mean[i] += rows[frame][i] / count;
  return mean;
}

/// Filters the reference like the system did, up to 20 dB (P.862, clause 10.2.5).
BarkRows equalized(BarkRows reference, const BarkRow& mean, const BarkRow& mean_degraded) {
  for (std::size_t i = 0; i < kMostBands; ++i) {
    const double gain = std::clamp(
        (mean_degraded[i] + 1000) / (mean[i] + 1000), 1 / kMostEqualization, kMostEqualization);
    for (BarkRow& row : reference)
      row[i] *= gain;
  }
  return reference;
}

/// The loudness difference less what the sounds mask of it (P.862, clause 10.2.8).
BarkRow masked_difference(const BarkRow& reference, const BarkRow& degraded) {
  BarkRow result{};
  for (std::size_t i = 0; i < kMostBands; ++i) {
    const double difference = degraded[i] - reference[i];
    const double mask = 0.25 * std::min(reference[i], degraded[i]);
    result[i] = std::copysign(std::max(std::abs(difference) - mask, 0.0), difference);
  }
  return result;
}

/// Weighs the bands to which power was added (P.862, clause 10.2.9).
BarkRow added_difference(BarkRow difference, const BarkRow& reference, const BarkRow& degraded) {
  for (std::size_t i = 0; i < kMostBands; ++i) {
    const double ratio = (degraded[i] + 50) / (reference[i] + 50);
    const double weight = ratio > 2 ? std::pow(ratio, 1.2) : 0;  // below 3 in any case
    difference[i] *= weight < 3 ? 0 : std::min(weight, 12.0);
  }
  return difference;
}

}  // namespace

ScoredFrames scored_frames(const GuardedPair& pair, const Layout& layout) {
  const Samples& sound = pair.reference.samples;
  const Index length = pair.length();
  const Index at_start = silent_samples(sound, layout.guard, 1, length / 2);
  const Index at_end =
      silent_samples(sound, length - layout.guard + layout.tail - 1, -1, length / 2);
  return {at_start / layout.hop,
          (length - 2 * layout.guard + layout.tail - at_end) / layout.hop - 1};
}

Index delay_at(const std::vector<Utterance>& utterances, Index sample, const Layout& layout) {
  std::size_t i = utterances.size() - 1;
  while (i > 0 && utterances[i].range.begin * layout.step > sample)
    --i;
  return utterances[i].delay.samples;
}

HeardPair heard_pair(const GuardedPair& pair,
                     const std::vector<Utterance>& utterances,
                     ScoredFrames frames,
                     const Ear& ear,
                     const Layout& layout) {
  std::vector<Index> begins;
  std::vector<Index> begins_degraded;
  const Index end = pair.length() + layout.tail;
  for (Index frame = 0; frame <= frames.last; ++frame) {
    const Index begin = layout.guard + frame * layout.hop;
    const Index begin_degraded = begin + delay_at(utterances, begin, layout);
    const bool inside = begin_degraded > 0 && begin_degraded + layout.frame < end;
    begins.push_back(begin);
    begins_degraded.push_back(inside ? begin_degraded : -1);
  }
  HeardPair heard{ear.powers(pair.reference.samples, begins),
                  ear.powers(pair.degraded.samples, begins_degraded),
                  {}};
  std::vector<double> loud_power;
  for (const BarkRow& row : heard.reference)
    loud_power.push_back(ear.audible(row, kLoudFactor));
  const auto count =
      static_cast<double>((pair.length() - 2 * layout.guard + layout.tail) / layout.hop - 1);
  const BarkRow mean = mean_audible(heard.reference, loud_power, count, ear);
  const BarkRow mean_degraded = mean_audible(heard.degraded, loud_power, count, ear);
  heard.reference = equalized(std::move(heard.reference), mean, mean_degraded);
  for (const BarkRow& row : heard.reference)
    heard.audible.push_back(ear.audible(row, 1));
  return heard;
}

std::vector<Disturbance> disturbances(const HeardPair& pair,
                                      Index begin,
                                      Index end,
                                      const Ear& ear) {
  std::vector<Disturbance> result;
  double smooth_gain = 1;  // also where frames in the middle of the sound begin
  for (Index frame = begin; frame < end; ++frame) {
    const BarkRow& reference = pair.reference[frame];
    BarkRow degraded = pair.degraded[frame];
    const double gain = (pair.audible[frame] + 5000) / (ear.audible(degraded, 1) + 5000);
    smooth_gain = frame == 0 ? gain : 0.2 * smooth_gain + 0.8 * gain;
    for (double& power : degraded)
      power *= std::clamp(smooth_gain, kLeastGain, kMostGain);
    const BarkRow difference = masked_difference(ear.loudness(reference), ear.loudness(degraded));
    result.push_back(
        {ear.norm2(difference), ear.norm1(added_difference(difference, reference, degraded))});
  }
  return result;
}

}  // namespace lipsound2::eval::p862
