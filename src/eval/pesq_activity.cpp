#include "pesq_activity.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace lipsound2::eval::p862 {
namespace {

constexpr Index kLongestClick = 4;    // frames; speech lasts longer
constexpr Index kLongestGap = 50;     // frames; shorter pauses belong to speech
constexpr double kNoiseFloor = 1e-4;  // of the loudest frame's power
constexpr int kThresholdRounds = 12;
constexpr double kLeastContrast = 1.5;   // of speech over noise, or all is taken for speech
constexpr double kCleanContrast = 1000;  // where soft runs are echoes rather than speech
constexpr double kLeastCleanPower = 3;   // of a run, over the threshold, where it is that clean
constexpr double kInnerEdge = 0.3;       // of the power, in the frame next to a run
constexpr double kOuterEdge = 0.1;       // and in the one after it

using Powers = std::vector<double>;

/// Frames of speech without a pause.
struct Run {
  Index begin;
  Index end;  ///< one after the last frame
};

/// What separates speech from noise.
struct Separation {
  std::optional<double> threshold;  ///< none: all is speech
  double contrast = 0;              ///< mean power above the threshold over that below
};

Powers frame_powers(const Samples& band, Index length, const Layout& layout) {
  Powers powers(static_cast<std::size_t>(length / layout.step));
  for (Index i = 0; i < std::ssize(powers); ++i) {
    for (Index k = i * layout.step; k < (i + 1) * layout.step; ++k)
      powers[i] += band[k] * band[k];
    powers[i] /= static_cast<double>(layout.step);
  }
  return powers;
}

double mean_power(const Powers& powers) {
  double mean = 0;
  for (const double power : powers)
    mean += power / static_cast<double>(powers.size());
  return mean;
}

/// Two standard deviations above the mean of what lies below the last threshold.
double next_threshold(const Powers& powers, double threshold) {
  double count = 0;
  double sum = 0;
  double squares = 0;
  for (const double power : powers)
    if (power <= threshold) {
      ++count;
      sum += power;
    }
  const double mean = count > 0 ? sum / count : 0;
  for (const double power : powers)
    if (power <= threshold)
      squares += (power - mean) * (power - mean);
  return 1.001 * (mean + 2 * (count > 0 ? std::sqrt(squares / count) : 0));
}

Separation separate(const Powers& powers, double mean) {
  double threshold = mean;
  for (int round = 0; round < kThresholdRounds; ++round)
    threshold = next_threshold(powers, threshold);
  Powers speech;
  Powers noise;
  for (const double power : powers)
    (power > threshold ? speech : noise).push_back(power);
  const double below = noise.empty() ? 1 : mean_power(noise);
  if (speech.empty() || mean_power(speech) <= kLeastContrast * below)
    return {};
  return {threshold, mean_power(speech) / below};
}

/// The first and the last frame never count as speech.
std::vector<Run> runs_above(const Powers& powers, const Separation& separation) {
  std::vector<Run> runs;
  for (Index i = 1; i < std::ssize(powers) - 1; ++i) {
    if (separation.threshold && powers[i] <= *separation.threshold)
      continue;
    if (runs.empty() || runs.back().end < i)
      runs.push_back({i, i});
    runs.back().end = i + 1;
  }
  return runs;
}

bool is_echo(const Run& run, const Powers& powers, const Separation& separation) {
  if (separation.contrast < kCleanContrast)
    return false;
  const Powers own(powers.begin() + run.begin, powers.begin() + run.end);
  return mean_power(own) < kLeastCleanPower * *separation.threshold;
}

/// Speech; without any, everything counts as speech.
std::vector<Run> speech_runs(const Powers& powers, const Separation& separation) {
  std::vector<Run> runs = runs_above(powers, separation);
  std::erase_if(runs, [&](const Run& run) {
    return run.end - run.begin <= kLongestClick || is_echo(run, powers, separation);
  });
  if (runs.empty())
    runs.push_back({1, std::ssize(powers) - 1});
  return runs;
}

/// Powers within the runs and `floor` in the short pauses between them; each group of runs gets
/// two frames of slope at its ends; nothing elsewhere.
Powers painted(const Powers& powers, const std::vector<Run>& runs, double floor) {
  Powers result(powers.size());
  const auto raise = [&result](Index frame, double power) {
    if (frame > 0 && frame < std::ssize(result) - 1)
      result[frame] = power;
  };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    std::copy(powers.begin() + run.begin, powers.begin() + run.end, result.begin() + run.begin);
    if (i > 0 && run.begin - runs[i - 1].end <= kLongestGap) {
      std::fill(result.begin() + runs[i - 1].end, result.begin() + run.begin, floor);
    } else {
      raise(run.begin - 2, kOuterEdge * powers[run.begin]);
      raise(run.begin - 1, kInnerEdge * powers[run.begin]);
    }
    // The next run overwrites these where it belongs to the same group.
    raise(run.end, kInnerEdge * powers[run.end - 1]);
    raise(run.end + 1, kOuterEdge * powers[run.end - 1]);
  }
  return result;
}

}  // namespace

Activity find_activity(const Samples& band, Index length, const Layout& layout) {
  Powers powers = frame_powers(band, length, layout);
  const double mean = mean_power(powers);
  const double loudest = *std::ranges::max_element(powers);
  const double floor = loudest > 0 ? loudest * kNoiseFloor : 1;
  for (double& power : powers)
    power = std::max(power, floor);
  const Separation separation = separate(powers, mean);
  Activity activity{painted(powers, speech_runs(powers, separation), floor), {}};
  const double threshold = separation.threshold.value_or(floor);
  for (const double power : activity.power)
    activity.envelope.push_back(power <= threshold ? 0 : std::log(power / threshold));
  return activity;
}

}  // namespace lipsound2::eval::p862
