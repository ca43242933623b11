#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lipsound2::train {

/// The counters of a run, as a checkpoint keeps them.
struct TrainState {
  std::int64_t step = 0;             ///< updates done
  std::optional<double> best_score;  ///< largest so far
  double minutes = 0;                ///< wall clock so far; kept only where a time limit needs it
  std::uint64_t seed = 1;
  std::int64_t epoch = 0;              ///< that is under way
  std::int64_t batch = 0;              ///< the next one in it
  std::int64_t batches_per_epoch = 0;  ///< in this epoch

  /// One line of JSON; equal states give equal texts.
  std::string to_json() const;
  /// Throws kData, naming `file`, when a counter is missing or of another type.
  static TrainState from_json(const std::string& text, const std::string& file);
};

}  // namespace lipsound2::train
