#pragma once

#include <vector>

#include "pesq_delay.h"

namespace lipsound2::eval::p862 {

/// A piece of the reference within which the delay does not change.
struct Utterance {
  FrameRange range;  ///< the part of the sound that takes this delay
  Index crude = 0;   ///< delay in samples, to one activity frame
  Delay delay;
};

constexpr std::size_t kMostUtterances = 50;

/// Finds the utterances of the reference and their delays; together they cover the sound. Empty
/// when there is no speech.
std::vector<Utterance> find_utterances(const DelayFinder& finder);

/// Splits those within which the delay changes (Rix et al. 2002, section 2.4).
std::vector<Utterance> split_utterances(std::vector<Utterance> utterances,
                                        const DelayFinder& finder);

/// Moves the ends of a part so that, at its delay, it stays within the degraded sound.
void keep_begin_inside(Utterance& utterance, const DelayFinder& finder);
void keep_end_inside(Utterance& utterance, const DelayFinder& finder);

}  // namespace lipsound2::eval::p862
