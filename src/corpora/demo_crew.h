#pragma once

#include <cstddef>
#include <functional>

#include "demo_voice.h"

namespace lipsound2::corpora::demo {

/// Makes the clips of a corpus: `speak(i)` in their order, and `draw(i, clip)` by as many threads
/// as there are cores. Sentences are spoken in rounds, by child processes of a process without
/// other threads: a lock that another thread held at the fork would stay locked in the child for
/// ever. Shows its progress; passes on what `speak` and `draw` throw.
void make_clips(std::size_t count,
                const std::function<Utterance(std::size_t)>& speak,
                const std::function<void(std::size_t, const Utterance&)>& draw);

}  // namespace lipsound2::corpora::demo
