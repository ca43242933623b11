#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lipsound2/core/tensor.h"

namespace lipsound2::asr {

/// Throws kData unless the log-probabilities are floating-point numbers [T, outputs]; kNumeric when
/// one is NaN or above 0 (by more than rounding), or the probabilities of a frame do not sum to 1
/// within 0.1. Returns them as contiguous float32 on the CPU.
Tensor checked_log_probs(const Tensor& log_probs, std::int64_t outputs);

/// The likeliest symbol of every frame, repeats merged, blanks (the last column) dropped.
/// log_probs [T, outputs]; errors of checked_log_probs().
std::vector<std::int64_t> ctc_greedy(const Tensor& log_probs, std::int64_t outputs);

/// Where a symbol was spoken.
struct LabelSpan {
  std::int64_t label = 0;
  std::int64_t first_frame = 0;
  std::int64_t last_frame = 0;  ///< inclusive
};

/// The likeliest way through the frames that gives `labels` (Viterbi). Throws kData when there are
/// too few frames for them or all ways have probability 0. log_probs as above.
std::vector<LabelSpan> ctc_align(const Tensor& log_probs,
                                 std::int64_t outputs,
                                 std::span<const std::int64_t> labels);

}  // namespace lipsound2::asr
