#include "lipsound2/asr/ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ops/all.h>
#include <ATen/ops/le.h>

#include "lipsound2/core/error.h"

namespace lipsound2::asr {
namespace {

constexpr double kRounding = 1e-3;
constexpr double kSumTolerance = 0.1;  // logarithms may be rounded, rare symbols left out
constexpr float kImpossible = -std::numeric_limits<float>::infinity();

/// Viterbi over the states blank, first symbol, blank, second symbol, ... blank.
class CtcAligner {
 public:
  CtcAligner(const Tensor& log_probs, std::span<const std::int64_t> labels)
      : labels_(labels),
        states_(2 * labels.size() + 1),
        outputs_(static_cast<std::size_t>(log_probs.size(1))),
        frames_(static_cast<std::size_t>(log_probs.size(0))),
        rows_(log_probs.const_data_ptr<float>()),
        came_from_(frames_ * states_) {}

  std::vector<LabelSpan> align() {
    std::vector<float> score(states_, kImpossible);
    std::vector<float> next(states_);
    score[0] = 0;  // before the first frame
    for (std::size_t t = 0; t < frames_; ++t) {
      for (std::size_t s = 0; s < states_; ++s)
        next[s] = best_before(score, t, s) + rows_[t * outputs_ + symbol(s)];
      score.swap(next);
    }
    const bool ends_in_label = states_ > 1 && score[states_ - 2] > score[states_ - 1];
    const std::size_t last = states_ - (ends_in_label ? 2 : 1);
    require(score[last] > kImpossible,
            ErrorKind::kData,
            "{} frames of log-probabilities cannot hold these {} symbols",
            frames_,
            labels_.size());
    return spans(last);
  }

 private:
  std::size_t symbol(std::size_t state) const {
    return state % 2 == 0 ? outputs_ - 1 : static_cast<std::size_t>(labels_[state / 2]);
  }

  // A frame may stay, go on by one state, or leave out a blank between two different symbols. The
  // first frame comes from the state before all: it may be the first blank or the first symbol.
  float best_before(const std::vector<float>& score, std::size_t t, std::size_t s) {
    std::size_t steps = 0;
    const auto try_steps = [&](std::size_t count) {
      if (s >= count && score[s - count] > score[s - steps])
        steps = count;
    };
    try_steps(1);
    if (s % 2 == 1 && s >= 3 && symbol(s) != symbol(s - 2))
      try_steps(2);
    came_from_[t * states_ + s] = static_cast<unsigned char>(steps);
    return score[s - steps];
  }

  std::vector<LabelSpan> spans(std::size_t state) const {
    std::vector<LabelSpan> found;
    for (const std::int64_t label : labels_)
      found.push_back({.label = label, .first_frame = 0, .last_frame = -1});
    for (std::size_t t = frames_; t-- > 0;) {
      if (state % 2 == 1) {
        LabelSpan& span = found[state / 2];
        span.first_frame = static_cast<std::int64_t>(t);
        span.last_frame = std::max(span.last_frame, span.first_frame);
      }
      state -= came_from_[t * states_ + state];
    }
    return found;
  }

  std::span<const std::int64_t> labels_;
  std::size_t states_;
  std::size_t outputs_;
  std::size_t frames_;
  const float* rows_;
  std::vector<unsigned char> came_from_;  ///< [frames, states], states that were gone on
};

}  // namespace

Tensor checked_log_probs(const Tensor& log_probs, std::int64_t outputs) {
  require(log_probs.dim() == 2 && log_probs.size(1) == outputs,
          ErrorKind::kData,
          "expected log-probabilities of {} symbols and the blank, [frames, {}], found {}",
          outputs - 1,
          outputs,
          c10::str(log_probs.sizes()));
  require(log_probs.is_floating_point(),
          ErrorKind::kData,
          "expected log-probabilities, found whole numbers ({})",
          c10::toString(log_probs.scalar_type()));
  Tensor checked = log_probs.detach().to(at::kCPU, at::kFloat).contiguous();
  require(checked.le(kRounding).all().item<bool>(),
          ErrorKind::kNumeric,
          "log-probabilities must be numbers of at most 0");
  const Tensor sums = checked.exp().sum(1);
  const Tensor off = sums.sub(1).abs().gt(kSumTolerance);
  if (off.any().item<bool>()) {
    const auto frame = off.to(at::kInt).argmax().item<std::int64_t>();
    fail(ErrorKind::kNumeric,
         "expected natural logarithms of probabilities that sum to 1 in each frame, found a sum of "
         "{:.4g} in frame {}",
         sums[frame].item<float>(),
         frame);
  }
  return checked;
}

std::vector<std::int64_t> ctc_greedy(const Tensor& log_probs, std::int64_t outputs) {
  const Tensor best = checked_log_probs(log_probs, outputs).argmax(1);
  const auto* frame = best.const_data_ptr<std::int64_t>();
  std::vector<std::int64_t> labels;
  std::int64_t before = outputs - 1;
  for (std::int64_t t = 0; t < best.numel(); ++t) {
    if (frame[t] != before && frame[t] != outputs - 1)
      labels.push_back(frame[t]);
    before = frame[t];
  }
  return labels;
}

std::vector<LabelSpan> ctc_align(const Tensor& log_probs,
                                 std::int64_t outputs,
                                 std::span<const std::int64_t> labels) {
  for (const std::int64_t label : labels)
    TORCH_CHECK(label >= 0 && label + 1 < outputs, "labels are symbols");
  return CtcAligner(checked_log_probs(log_probs, outputs), labels).align();
}

}  // namespace lipsound2::asr
