#pragma once

#include "pesq_disturbance.h"

namespace lipsound2::eval::p862 {

/// What the perceptual model compares. The pair and its utterances must outlive it.
struct Comparison {
  const GuardedPair& pair;
  const std::vector<Utterance>& utterances;
  ScoredFrames frames;
  HeardPair heard;
};

/// Looks again for the delay of long runs of bad frames, where the aligner may have failed, and
/// keeps what bothers less (P.862, clause 10.2.11).
std::vector<Disturbance> with_bad_intervals_realigned(std::vector<Disturbance> disturbances,
                                                      const Comparison& comparison,
                                                      const Ear& ear,
                                                      const Layout& layout);

}  // namespace lipsound2::eval::p862
