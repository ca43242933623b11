#include "pesq_utterances.h"

#include <algorithm>

namespace lipsound2::eval::p862 {
namespace {

constexpr Index kShortestUtterance = 50;  // frames, 200 ms

/// Runs of the reference's speech that the degraded sound can hold too.
std::vector<FrameRange> utterance_ranges(const DelayFinder& finder, Index crude) {
  const std::vector<double>& power = finder.reference().activity.power;
  const Index step = finder.layout().step;
  const Index first = kShortestUtterance - crude / step;
  const Index last = (finder.degraded().length - crude) / step - kShortestUtterance;
  std::vector<FrameRange> ranges;
  for (Index end = 0; end < std::ssize(power) && ranges.size() < kMostUtterances;) {
    const auto speech = [&power](Index i) { return i < std::ssize(power) && power[i] > 0; };
    Index begin = end;
    while (begin < std::ssize(power) && !speech(begin))
      ++begin;
    end = begin;
    while (speech(end))
      ++end;
    if (end - begin >= kShortestUtterance && begin < last && end > first)
      ranges.push_back({begin, end});
  }
  return ranges;
}

/// The range with some of the pause around it, where its delay is looked for.
FrameRange searched(const FrameRange& range, const DelayFinder& finder) {
  const Index frames = std::ssize(finder.reference().activity.power);
  return {std::max<Index>(range.begin - kGuardFrames, 0),
          std::min(range.end + kGuardFrames, frames - 1)};
}

/// Each with its own delay.
std::vector<Utterance> located(const std::vector<FrameRange>& ranges,
                               Index crude,
                               const DelayFinder& finder) {
  std::vector<CrudeSearch> searches;
  for (const FrameRange& range : ranges)
    searches.push_back({searched(range, finder), crude});
  const std::vector<Index> delays = finder.crude(searches);
  std::vector<Utterance> utterances;
  for (std::size_t i = 0; i < ranges.size(); ++i)
    utterances.push_back({ranges[i], delays[i], finder.fine(searches[i].range, delays[i])});
  return utterances;
}

/// Lets the utterances meet in the middle of the pauses.
void close_gaps(std::vector<Utterance>& utterances, const DelayFinder& finder) {
  const Index frames = std::ssize(finder.reference().activity.power);
  utterances.front().range.begin = kGuardFrames;
  utterances.back().range.end = frames - kGuardFrames;
  for (std::size_t i = 1; i < utterances.size(); ++i) {
    const Index middle = (utterances[i].range.begin + utterances[i - 1].range.end) / 2;
    utterances[i].range.begin = middle;
    utterances[i - 1].range.end = middle;
  }
}

/// Where two neighbors overlap in the degraded sound, they meet in the middle of it.
void part(Utterance& before, Utterance& after, Index step) {
  const Index begin = after.range.begin * step + after.delay.samples;
  const Index end = before.range.end * step + before.delay.samples;
  if (begin >= end)
    return;
  const Index middle = (begin + end) / 2;
  after.range.begin = (step - 1 + middle - after.delay.samples) / step;
  before.range.end = (middle - before.delay.samples) / step;
}

}  // namespace

void keep_begin_inside(Utterance& utterance, const DelayFinder& finder) {
  const Index step = finder.layout().step;
  const Index delay = utterance.delay.samples;
  if (utterance.range.begin * step + delay < finder.layout().guard)
    utterance.range.begin = kGuardFrames + (step - 1 - delay) / step;
}

void keep_end_inside(Utterance& utterance, const DelayFinder& finder) {
  const Layout& layout = finder.layout();
  const Index delay = utterance.delay.samples;
  const Index end = finder.degraded().length;
  if (utterance.range.end * layout.step + delay > end - layout.guard)
    utterance.range.end = (end - delay) / layout.step - kGuardFrames;
}

std::vector<Utterance> find_utterances(const DelayFinder& finder) {
  const Index crude = finder.crude();
  const std::vector<FrameRange> ranges = utterance_ranges(finder, crude);
  if (ranges.empty())
    return {};
  std::vector<Utterance> utterances = located(ranges, crude, finder);
  close_gaps(utterances, finder);
  keep_begin_inside(utterances.front(), finder);
  keep_end_inside(utterances.back(), finder);
  for (std::size_t i = 1; i < utterances.size(); ++i)
    part(utterances[i - 1], utterances[i], finder.layout().step);
  return utterances;
}

}  // namespace lipsound2::eval::p862
