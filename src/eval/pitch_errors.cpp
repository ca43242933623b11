#include "lipsound2/eval/pitch_errors.h"

#include <algorithm>
#include <cmath>

#include "checked_sound.h"

namespace lipsound2::eval {
namespace {

constexpr double kGrossPitchShare = 0.2;

/// Sums over the frames voiced in both.
struct PitchSums {
  double square_hz = 0;
  double square_cents = 0;
  std::size_t gross = 0;
  std::size_t frames = 0;

  void add(double reference_hz, double degraded_hz) {
    const double difference = degraded_hz - reference_hz;
    const double cents = 1200 * std::log2(degraded_hz / reference_hz);
    square_hz += difference * difference;
    square_cents += cents * cents;
    gross += std::abs(difference) > kGrossPitchShare * reference_hz;
    ++frames;
  }
};

}  // namespace

std::optional<PitchErrors> pitch_errors(const PitchTrack& reference, const PitchTrack& degraded) {
  PitchErrors errors;
  errors.frames = std::min(reference.hz.size(), degraded.hz.size());
  PitchSums sums;
  std::size_t decided_otherwise = 0;
  std::size_t voiced = 0;
  for (std::size_t i = 0; i < errors.frames; ++i) {
    const auto& x = reference.hz[i];
    const auto& y = degraded.hz[i];
    voiced += x.has_value();
    decided_otherwise += x.has_value() != y.has_value();
    if (x && y)
      sums.add(*x, *y);
  }
  if (voiced == 0)
    return std::nullopt;
  errors.frames_voiced_in_both = sums.frames;
  errors.voicing_decision_error =
      static_cast<double>(decided_otherwise) / static_cast<double>(errors.frames);
  if (sums.frames > 0) {
    const auto count = static_cast<double>(sums.frames);
    errors.rmse_hz = std::sqrt(sums.square_hz / count);
    errors.rmse_cents = std::sqrt(sums.square_cents / count);
    errors.gross_pitch_error = static_cast<double>(sums.gross) / count;
  }
  return errors;
}

std::optional<PitchErrors> pitch_errors(const audio::Waveform& reference,
                                        const audio::Waveform& degraded) {
  require_sounds(reference, degraded);
  return pitch_errors(track_pitch(reference), track_pitch(degraded));
}

}  // namespace lipsound2::eval
