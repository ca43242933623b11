#include "lipsound2/eval/pesq.h"

#include <algorithm>
#include <cmath>

#include "lipsound2/core/error.h"

#include "checked_sound.h"
#include "pesq_realign.h"

namespace lipsound2::eval {
namespace p862 {
namespace {

constexpr Index kFramesPerSyllable = 20;  // 320 ms
constexpr double kSyllablePower = 6;
constexpr double kTimePower = 2;
constexpr double kWorstDisturbance = 45;

/// Loud frames bother less (P.862, clause 10.2.12).
Disturbance weighted(const Disturbance& disturbance, double audible) {
  const double weight = std::pow((audible + 1e5) / 1e7, 0.04);
  return {std::min(disturbance.both_ways / weight, kWorstDisturbance),
          std::min(disturbance.added / weight, kWorstDisturbance)};
}

/// What is remembered of the beginning of a very long sound: frames later than about 16 s weigh
/// more (P.862, clause 10.2.13).
double memory_weight(Index frame,
                     const GuardedPair& pair,
                     ScoredFrames frames,
                     const Layout& layout) {
  if (frames.last + 1 <= 1000)
    return 1;
  const Index count = (pair.length() - 2 * layout.guard) / layout.hop - 1;
  const double forgotten = std::min(static_cast<double>(count - 1000) / 5500, 0.5);
  return 1 - forgotten + forgotten * static_cast<double>(frame) / static_cast<double>(count);
}

/// L6 within overlapping syllables, L2 over them (P.862, clause 10.2.13).
double over_time(const std::vector<double>& values, const std::vector<double>& weights) {
  double sum = 0;
  double weight = 0;
  for (Index begin = 0; begin < std::ssize(values); begin += kFramesPerSyllable / 2) {
    double syllable = 0;
    for (Index i = begin; i < std::min(begin + kFramesPerSyllable, std::ssize(values)); ++i)
      syllable += std::pow(values[i], kSyllablePower);
    syllable = std::pow(syllable / kFramesPerSyllable, 1 / kSyllablePower);
    sum += std::pow(weights[begin] * syllable, kTimePower);
    weight += std::pow(weights[begin], kTimePower);
  }
  return std::pow(sum / weight, 1 / kTimePower);
}

/// Where the delay falls by more than half a frame, some of the reference has no counterpart: those
/// frames do not count.
std::vector<Disturbance> without_lost_frames(std::vector<Disturbance> disturbances,
                                             const std::vector<Utterance>& utterances,
                                             const Layout& layout) {
  for (std::size_t i = 1; i < utterances.size(); ++i) {
    const Utterance& before = utterances[i - 1];
    const Utterance& after = utterances[i];
    const Index jump = after.delay.samples - before.delay.samples;
    if (jump >= -layout.hop)
      continue;
    const Index begin = (after.range.begin - kGuardFrames) * layout.step;
    const Index end_before = (before.range.end - kGuardFrames) * layout.step;
    const Index first = std::min((begin + after.delay.samples) / layout.hop,
                                 (end_before + before.delay.samples) / layout.hop);
    const Index last = (begin + std::abs(jump)) / layout.hop + 1;
    for (Index frame = std::max<Index>(first, 0);
         frame <= last && frame < std::ssize(disturbances) - 1;
         ++frame)
      disturbances[frame] = {};
  }
  return disturbances;
}

double raw_score(const Comparison& comparison, const Ear& ear, const Layout& layout) {
  const ScoredFrames frames = comparison.frames;
  auto found = disturbances(comparison.heard, 0, frames.last + 1, ear);
  found = without_lost_frames(std::move(found), comparison.utterances, layout);
  found = with_bad_intervals_realigned(std::move(found), comparison, ear, layout);
  std::vector<double> both_ways;
  std::vector<double> added;
  std::vector<double> weights;
  for (Index i = frames.first; i <= frames.last; ++i) {
    const Disturbance disturbance = weighted(found[i], comparison.heard.audible[i]);
    both_ways.push_back(disturbance.both_ways);
    added.push_back(disturbance.added);
    weights.push_back(memory_weight(i, comparison.pair, frames, layout));
  }
  return 4.5 - 0.1 * over_time(both_ways, weights) - 0.0309 * over_time(added, weights);
}

std::vector<Utterance> aligned(const GuardedPair& pair, const Layout& layout) {
  AlignedSound reference{alignment_band(pair.reference, layout), pair.reference.length, {}};
  AlignedSound degraded{alignment_band(pair.degraded, layout), pair.degraded.length, {}};
  reference.activity = find_activity(reference.band, reference.length, layout);
  degraded.activity = find_activity(degraded.band, degraded.length, layout);
  const DelayFinder finder(std::move(reference), std::move(degraded), layout);
  return split_utterances(find_utterances(finder), finder);
}

/// P.862.1, equation 1, and P.862.2, equation 1.
double opinion(double raw, PesqBand band) {
  if (band == PesqBand::kNarrow)
    return 0.999 + 4 / (1 + std::exp(-1.4945 * raw + 4.6607));
  return 0.999 + 4 / (1 + std::exp(-1.3669 * raw + 3.8224));
}

void require_rate(int rate, PesqBand band) {
  const bool narrow = band == PesqBand::kNarrow;
  require(rate == 16000 || (narrow && rate == 8000),
          ErrorKind::kData,
          "expected a sample rate of {} Hz for {} PESQ, found {} Hz",
          narrow ? "8000 or 16000" : "16000",
          narrow ? "narrowband" : "wideband",
          rate);
}

}  // namespace
}  // namespace p862

std::optional<PesqScore> pesq(const audio::Waveform& reference,
                              const audio::Waveform& degraded,
                              PesqBand band) {
  const SoundPair sounds = check_sounds(reference, degraded);
  p862::require_rate(sounds.rate, band);
  if (std::min(reference.seconds(), degraded.seconds()) < 0.25)
    return std::nullopt;
  const p862::Layout layout(sounds.rate);
  const p862::GuardedPair pair =
      p862::listened(p862::at_model_level(sounds.reference, sounds.degraded, layout), band, layout);
  const auto utterances = p862::aligned(pair, layout);
  if (utterances.empty())
    return std::nullopt;
  const p862::Ear ear(layout);
  const p862::ScoredFrames frames = p862::scored_frames(pair, layout);
  if (frames.last < frames.first)
    return std::nullopt;
  const p862::Comparison comparison{
      pair, utterances, frames, p862::heard_pair(pair, utterances, frames, ear, layout)};
  const double raw = p862::raw_score(comparison, ear, layout);
  return PesqScore{raw, p862::opinion(raw, band)};
}

}  // namespace lipsound2::eval
