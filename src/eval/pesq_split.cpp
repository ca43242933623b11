#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "pesq_utterances.h"

namespace lipsound2::eval::p862 {
namespace {

constexpr Index kShortestSplit = 200;  // frames of speech in an utterance that may be split, 0.8 s
constexpr Index kMostCuts = 40;
constexpr Index kLeastMargin = 75;   // frames between a cut and the end of speech
constexpr double kCutShare = 0.801;  // of the speech, on which the cuts lie

/// An utterance as two, with the delays on both sides of the cut.
struct Split {
  Index cut = 0;  ///< frame
  Index crude_before = 0;
  Index crude_after = 0;
  Delay before;
  Delay after;

  double confidence() const { return before.confidence + after.confidence; }
};

/// From the first frame with speech to the one after the last.
FrameRange speech_within(const FrameRange& range, const std::vector<double>& power) {
  FrameRange speech{range.begin, std::min(range.end, std::ssize(power) - 1)};
  while (speech.begin < speech.end && power[speech.begin] <= 0)
    ++speech.begin;
  while (speech.end > speech.begin && power[speech.end] <= 0)
    --speech.end;
  ++speech.end;
  return speech;
}

/// Places to try, evenly spaced within the speech, a multiple of the alignment frames' hop apart.
std::vector<Index> cuts_within(const FrameRange& speech, const Layout& layout) {
  const Index length = speech.end - speech.begin;
  const Index hop = layout.align_window / 4 / layout.step;
  const Index most = kMostCuts * hop;
  const auto tried = static_cast<Index>(kCutShare * static_cast<double>(length));
  const Index spacing = hop * ((tried + most - 1) / most);
  const Index margin = std::max(length / 10, kLeastMargin);
  std::vector<Index> cuts;
  for (Index cut = speech.begin + margin;
       cut <= speech.end - margin && std::ssize(cuts) < kMostCuts;
       cut += spacing)
    cuts.push_back(cut);
  return cuts;
}

/// Where the crude delays of both sides of each cut are looked for, in turn.
std::vector<CrudeSearch> sides_of(const std::vector<Index>& cuts, const Utterance& whole) {
  std::vector<CrudeSearch> sides;
  for (const Index cut : cuts) {
    sides.push_back({{whole.range.begin, cut}, whole.crude});
    sides.push_back({{cut, whole.range.end}, whole.crude});
  }
  return sides;
}

/// The cuts with the crude delays of both sides.
std::vector<Split> splits_at(const std::vector<Index>& cuts, const std::vector<Index>& delays) {
  std::vector<Split> splits;
  for (std::size_t i = 0; i < cuts.size(); ++i)
    splits.push_back({cuts[i], delays[2 * i], delays[2 * i + 1], {}, {}});
  return splits;
}

/// Cuts that expect the same delay on one side, by that delay.
using Groups = std::map<Index, std::vector<Split*>>;

/// The fine delays of the group's sides. They share one histogram, which grows from cut to cut:
/// alignment frames begin at sample `first` and then every `hop` samples.
void find_delays(const Groups::value_type& group,
                 Index first,
                 Index hop,
                 Delay Split::* side,
                 const Tensor& window,
                 const DelayFinder& finder) {
  const auto& [expected, splits] = group;
  const Layout& layout = finder.layout();
  const auto frames_to = [&layout, first, hop](Index cut) -> Index {
    const Index room =
        hop > 0 ? cut * layout.step - first - layout.align_window : first - cut * layout.step;
    return room < 0 ? 0 : room / std::abs(hop) + 1;
  };
  const AlignmentFrames frames{first, hop, frames_to(splits.back()->cut)};
  const auto votes = finder.votes(frames, expected, window);
  DelayHistogram histogram(expected, layout.align_window);
  Index added = 0;
  for (Split* const split : splits) {
    for (; added < std::min(frames_to(split->cut), std::ssize(votes)); ++added)
      histogram.add(votes[added]);
    split->*side = histogram.peak();
  }
}

/// Before the cuts histograms grow from the utterance's begin, behind them backward from its end.
void find_delays(std::vector<Split>& splits,
                 const FrameRange& range,
                 const Tensor& window,
                 const DelayFinder& finder) {
  const Layout& layout = finder.layout();
  const Index hop = layout.align_window / 4;
  Groups before;
  Groups after;
  for (Split& split : splits)
    before[split.crude_before].push_back(&split);
  for (auto split = splits.rbegin(); split != splits.rend(); ++split)
    after[split->crude_after].push_back(&*split);
  for (const auto& group : before) {
    const Index first = std::max(range.begin * layout.step, -group.first);
    find_delays(group, first, hop, &Split::before, window, finder);
  }
  for (const auto& group : after) {
    const Index end = std::min(range.end * layout.step, finder.degraded().length - group.first);
    find_delays(group, end - layout.align_window, -hop, &Split::after, window, finder);
  }
}

/// The split whose parts are surest of their delays; nothing when no split is surer than the whole.
std::optional<Split> best_split(const Utterance& utterance, const DelayFinder& finder) {
  const FrameRange speech = speech_within(utterance.range, finder.reference().activity.power);
  if (speech.end - speech.begin < kShortestSplit)
    return std::nullopt;
  const std::vector<Index> cuts = cuts_within(speech, finder.layout());
  const std::vector<CrudeSearch> sides = sides_of(cuts, utterance);
  std::vector<Split> splits = splits_at(cuts, finder.crude(sides));
  find_delays(splits, utterance.range, finder.splitting_window(sides), finder);
  std::optional<Split> best;
  for (const Split& split : splits) {
    const double whole = utterance.delay.confidence;
    const Index jump = std::abs(split.after.samples - split.before.samples);
    if (jump >= finder.layout().step && split.before.confidence > whole &&
        split.after.confidence > whole && (!best || split.confidence() > best->confidence()))
      best = split;
  }
  return best;
}

/// Where the delay grows, both parts reach over the cut by half of the growth. Both keep inside the
/// degraded sound.
std::vector<Utterance> parts_of(const Utterance& whole,
                                const Split& split,
                                const DelayFinder& finder) {
  const Index growth = std::max<Index>(split.after.samples - split.before.samples, 0);
  const Index overlap = growth / (2 * finder.layout().step);
  Utterance before{{whole.range.begin, split.cut + overlap}, split.crude_before, split.before};
  Utterance after{{split.cut - overlap, whole.range.end}, split.crude_after, split.after};
  keep_begin_inside(before, finder);
  keep_end_inside(after, finder);
  return {before, after};
}

}  // namespace

std::vector<Utterance> split_utterances(std::vector<Utterance> utterances,
                                        const DelayFinder& finder) {
  for (std::size_t i = 0; i < utterances.size() && utterances.size() < kMostUtterances;) {
    const auto split = best_split(utterances[i], finder);
    if (!split) {
      ++i;
      continue;
    }
    const auto parts = parts_of(utterances[i], *split, finder);
    utterances[i] = parts[0];
    utterances.insert(utterances.begin() + static_cast<Index>(i) + 1, parts[1]);
  }
  return utterances;
}

}  // namespace lipsound2::eval::p862
