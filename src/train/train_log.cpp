#include "train_log.h"

#include <algorithm>

#include "lipsound2/core/log.h"

namespace lipsound2::train {
namespace {

double seconds_since(TrainLog::Clock::time_point start) {
  return std::chrono::duration<double>(TrainLog::Clock::now() - start).count();
}

}  // namespace

void TrainLog::resume(std::int64_t step) {
  events_.drop_after(step);
  seconds_before_ = events_.last("seconds");
}

void TrainLog::start(const data::LoaderTimes& times) {
  window_ = Clock::now();
  times_ = times;
  clips_ = 0;
}

void TrainLog::step(const StepRecord& record, double epoch, const data::LoaderTimes& times) {
  speed_ = clips_ / std::max(seconds_since(window_), 1e-9);
  EventLog::Values values = {{"epoch", epoch},
                             {"seconds", seconds_before_ + seconds_since(begin_)},
                             {"loss", record.losses.total.item<double>()}};
  for (const auto& [name, value] : record.losses.terms)
    values.emplace_back("loss." + name, value.item<double>());
  values.insert(values.end(),
                {{"learning_rate", record.learning_rate},
                 {"grad_norm", record.grad_norm.item<double>()},
                 {"clips_per_second", speed_},
                 {"wait_ms", times.wait_ms - times_.wait_ms},
                 {"read_ms", times.read_ms - times_.read_ms},
                 {"decode_ms", times.decode_ms - times_.decode_ms},
                 {"sound_ms", times.sound_ms - times_.sound_ms},
                 {"augment_ms", times.augment_ms - times_.augment_ms},
                 {"copy_ms", times.copy_ms - times_.copy_ms}});
  events_.add(record.step, values);
  start(times);
}

void TrainLog::scores(std::int64_t step, const std::map<std::string, double>& scores) {
  EventLog::Values values;
  std::string text;
  for (const auto& [name, value] : scores) {
    values.emplace_back("score." + name, value);
    text += fmt::format(", {} {:.4g}", name, value);
  }
  events_.add(step, values);
  log::info("step {}{}", step, text);
}

double TrainLog::clips_per_second() const {
  return speed_ > 0 ? speed_ : clips_ / std::max(seconds_since(window_), 1e-9);
}

}  // namespace lipsound2::train
