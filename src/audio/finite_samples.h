#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "lipsound2/core/error.h"

namespace lipsound2::audio {

/// Throws, naming the file and the place, when a sample is NaN or infinite. `before` samples of the
/// same file came before these.
inline void require_finite(std::span<const float> samples,
                           ErrorKind kind,
                           const std::string& name,
                           std::int64_t before) {
  const auto bad = std::ranges::find_if(samples, [](float x) { return !std::isfinite(x); });
  if (bad != samples.end())
    fail(kind,
         "{}: expected finite samples, found {} at {}",
         name,
         *bad,
         before + (bad - samples.begin()));
}

}  // namespace lipsound2::audio
