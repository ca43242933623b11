#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "demo_voice.h"

namespace lipsound2::corpora::demo {

/// What the drawn mouth does at one moment. All are 0 to 1, `wide` is -1 to 1.
struct MouthShape {
  double jaw = 0;      ///< how far the chin is down
  double open = 0;     ///< gap between the lips
  double wide = 0;     ///< corners drawn apart (as in "see") or together
  double round = 0;    ///< lips pushed forward (as in "two")
  double teeth = 0;    ///< both rows together and seen (as in "s")
  double tongue = 0;   ///< tip raised (as in "l")
  double bite = 0;     ///< lower lip under the upper teeth (as in "f")
  double pressed = 0;  ///< lips closed upon each other (as in "p")
};

/// The shape at this time: each phoneme pulls towards its own target with a strength that falls
/// exponentially with the distance in time, and the shape is the weighted mean (Cohen and Massaro
/// 1993, "Modeling coarticulation in synthetic visual speech"). Closures of p, b, m and the bite of
/// f, v are laid over it, so that their neighbors cannot keep the lips apart.
MouthShape mouth_at(std::span<const Phoneme> phonemes, double seconds);

/// The shapes in the middle of each picture.
std::vector<MouthShape> mouth_track(std::span<const Phoneme> phonemes,
                                    std::int64_t pictures,
                                    double fps);

/// Whether this name of eSpeak's has a target of its own; others move like a neutral vowel.
bool has_mouth_target(const std::string& phoneme);

}  // namespace lipsound2::corpora::demo
