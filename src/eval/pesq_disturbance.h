#pragma once

#include "pesq_ear.h"
#include "pesq_utterances.h"

namespace lipsound2::eval::p862 {

/// How much a frame's difference bothers a listener: all of it, and what was added by the system
/// (P.862, clauses 10.2.8 to 10.2.10).
struct Disturbance {
  double both_ways = 0;
  double added = 0;
};

/// Frames of the perceptual transform that are scored, both included.
struct ScoredFrames {
  Index first = 0;
  Index last = 0;
};

/// Without the digital silence at the ends of the reference.
ScoredFrames scored_frames(const GuardedPair& pair, const Layout& layout);

/// Both sounds as the ear hears them, frames 0 to the last scored one. The reference is filtered
/// like the degraded sound is on average.
struct HeardPair {
  BarkRows reference;
  BarkRows degraded;
  std::vector<double> audible;  ///< power of each frame of the reference that can be heard
};

/// `utterances` are not empty.
HeardPair heard_pair(const GuardedPair& pair,
                     const std::vector<Utterance>& utterances,
                     ScoredFrames frames,
                     const Ear& ear,
                     const Layout& layout);

/// The delay at a sample of the reference.
Index delay_at(const std::vector<Utterance>& utterances, Index sample, const Layout& layout);

/// Frames begin to end - 1, one result each; slow changes of gain do not count.
std::vector<Disturbance> disturbances(const HeardPair& pair,
                                      Index begin,
                                      Index end,
                                      const Ear& ear);

}  // namespace lipsound2::eval::p862
