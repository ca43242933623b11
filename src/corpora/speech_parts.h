#pragma once

#include <vector>

#include "lipsound2/video/footage.h"
#include "lipsound2/video/recording.h"

namespace lipsound2::corpora {

/// Cuts a recording into parts to learn from, none longer than `longest` seconds: at pauses of the
/// voice where there are some, the longest of them first, else into equal windows. Pauses of two
/// seconds and more belong to no part, but for a quarter of a second at either end. A pause is
/// where the sound is closer to the quiet (3rd percentile) than to the loud (95th) of the
/// recording, in decibels. No parts if no sound is above -60 dB of full scale.
std::vector<video::Span> cut_at_pauses(const video::SoundLevels& levels, double longest);

}  // namespace lipsound2::corpora
