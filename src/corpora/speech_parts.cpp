#include "speech_parts.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace lipsound2::corpora {
namespace {

constexpr double kSilentDecibels = -60;  // of full scale
constexpr double kQuietPercentile = 0.03;
constexpr double kLoudPercentile = 0.95;
constexpr double kLeastQuiet = -75;       // digital silence tells nothing of the room
constexpr double kLeastContrast = 10;     // decibels between quiet and loud, if there are pauses
constexpr double kQuietShare = 0.35;      // a pause is below this share of the contrast
constexpr std::int64_t kSmoothing = 5;    // steps at either side
constexpr double kShortestPause = 0.15;   // seconds
constexpr double kLongPause = 2;          // belongs to no part
constexpr double kRoom = 0.25;            // of it that a part keeps
constexpr double kLongEnoughPause = 0.5;  // of longer ones the last is as good as any
constexpr double kShortestShare = 0.25;   // of the longest part

/// Decibels of full scale, smoothed over a tenth of a second.
std::vector<double> smooth_decibels(const std::vector<float>& rms) {
  std::vector<double> sums(rms.size() + 1);
  for (std::size_t i = 0; i < rms.size(); ++i)
    sums[i + 1] = sums[i] + static_cast<double>(rms[i]) * rms[i];
  std::vector<double> decibels(rms.size());
  const std::int64_t count = std::ssize(rms);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto first = static_cast<std::size_t>(std::max<std::int64_t>(0, i - kSmoothing));
    const auto last = static_cast<std::size_t>(std::min(count, i + kSmoothing + 1));
    const double energy = (sums[last] - sums[first]) / static_cast<double>(last - first);
    decibels[static_cast<std::size_t>(i)] = 10 * std::log10(std::max(energy, 1e-12));
  }
  return decibels;
}

double percentile(std::vector<double> values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

/// Below this there is a pause.
double pause_decibels(const std::vector<double>& decibels) {
  const double quiet = std::max(percentile(decibels, kQuietPercentile), kLeastQuiet);
  const double loud = percentile(decibels, kLoudPercentile);
  return loud - quiet < kLeastContrast
             ? kSilentDecibels
             : std::max(kSilentDecibels, quiet + kQuietShare * (loud - quiet));
}

std::vector<video::Span> find_pauses(const video::SoundLevels& levels) {
  const std::vector<double> decibels = smooth_decibels(levels.rms);
  const double bound = pause_decibels(decibels);
  std::vector<video::Span> pauses;
  for (std::size_t i = 0; i < decibels.size();) {
    const std::size_t first = i;
    while (i < decibels.size() && decibels[i] < bound)
      ++i;
    const auto time = [&](std::size_t step) {
      return levels.start + video::SoundLevels::kStep * static_cast<double>(step);
    };
    if (time(i) - time(first) >= kShortestPause)
      pauses.push_back({time(first), time(i)});
    while (i < decibels.size() && decibels[i] >= bound)
      ++i;
  }
  return pauses;
}

/// Where the voice is, with short pauses in it.
std::vector<video::Span> find_speech(const std::vector<video::Span>& pauses, video::Span whole) {
  std::vector<video::Span> speech;
  double start = whole.start;
  for (const video::Span& pause : pauses) {
    const bool at_edge = pause.start <= whole.start || pause.end >= whole.end;
    if (pause.end - pause.start < kLongPause && !at_edge)
      continue;
    if (pause.start > whole.start)
      speech.push_back({start, std::min(pause.start + kRoom, whole.end)});
    start = std::max(pause.end - kRoom, whole.start);
  }
  if (pauses.empty() || pauses.back().end < whole.end)
    speech.push_back({start, whole.end});
  return speech;
}

/// Cuts speech one part after another.
class PartCutter {
 public:
  PartCutter(const std::vector<video::Span>& pauses, double longest)
      : pauses_(pauses), longest_(longest), shortest_(kShortestShare * longest) {}

  void cut(video::Span speech) {
    while (speech.end - speech.start > longest_) {
      const double at = next_cut(speech);
      parts.push_back({speech.start, at});
      speech.start = at;
    }
    parts.push_back(speech);
  }

  std::vector<video::Span> parts;

 private:
  double next_cut(const video::Span& speech) const {
    const double first = speech.start + shortest_;
    const double last = std::min(speech.start + longest_, speech.end - shortest_);
    const double length = speech.end - speech.start;
    double best = 0;
    double cut = speech.start + length / std::ceil(length / longest_);
    for (const video::Span& pause : pauses_) {
      const double middle = (pause.start + pause.end) / 2;
      const double worth = std::min(pause.end - pause.start, kLongEnoughPause);
      if (middle < first || middle > last || worth < best)
        continue;
      best = worth;
      cut = middle;
    }
    return cut;
  }

  const std::vector<video::Span>& pauses_;
  double longest_;
  double shortest_;
};

}  // namespace

std::vector<video::Span> cut_at_pauses(const video::SoundLevels& levels, double longest) {
  const float loudest =
      levels.rms.empty() ? 0.0F : *std::max_element(levels.rms.begin(), levels.rms.end());
  if (20 * std::log10(static_cast<double>(loudest)) <= kSilentDecibels)
    return {};
  const std::vector<video::Span> pauses = find_pauses(levels);
  PartCutter cutter(pauses, longest);
  for (const video::Span& speech : find_speech(pauses, {levels.start, levels.end()}))
    cutter.cut(speech);
  return cutter.parts;
}

}  // namespace lipsound2::corpora
