#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "lipsound2/data/loader.h"

#include "event_log.h"
#include "numeric_watch.h"

namespace lipsound2::train {

/// Turns updates and scores into lines of events.jsonl, with the speed between two lines;
/// validation and saving do not count for it.
class TrainLog {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TrainLog(const std::filesystem::path& events) : events_(events) {}

  /// Removes what a former sitting wrote after this step; its time counts on.
  void resume(std::int64_t step);
  /// Training begins, or goes on after a validation. `times` as the loader counts.
  void start(const data::LoaderTimes& times);
  void count(double clips) { clips_ += clips; }
  void step(const StepRecord& record, double epoch, const data::LoaderTimes& times);
  void scores(std::int64_t step, const std::map<std::string, double>& scores);

  /// Of the last line, or since the start.
  double clips_per_second() const;

 private:
  EventLog events_;
  double seconds_before_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point window_ = begin_;
  double clips_ = 0;
  data::LoaderTimes times_;
  double speed_ = 0;
};

}  // namespace lipsound2::train
