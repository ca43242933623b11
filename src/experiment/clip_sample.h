#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "lipsound2/core/random.h"

namespace lipsound2::experiment {

/// At most `count` clips, chosen and ordered by the hash of their ids: the same ones in every run.
template <class Clip, class IdOf>
std::vector<Clip> sample_of(std::vector<Clip> clips, std::int64_t count, IdOf id_of) {
  std::ranges::sort(clips, {}, [&](const Clip& clip) { return hash(std::invoke(id_of, clip)); });
  if (std::ssize(clips) > count)
    clips.erase(clips.begin() + count, clips.end());
  return clips;
}

}  // namespace lipsound2::experiment
