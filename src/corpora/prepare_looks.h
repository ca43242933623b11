#pragma once

#include "lipsound2/corpora/prepare_check.h"

#include "prepare_plan.h"

namespace lipsound2::corpora {

/// Looks at every planned clip, in `jobs` threads. Throws kIo when a file cannot be read.
LookCensus look_at_clips(const Plan& plan, std::int64_t jobs);

}  // namespace lipsound2::corpora
