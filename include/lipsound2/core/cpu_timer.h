#pragma once

#include <ctime>

namespace lipsound2 {

/// Processor time of the thread that made it: sleeping and waiting for files do not count.
class CpuTimer {
 public:
  /// Seconds since the last lap, or since the timer was made. Takes well under a microsecond.
  double lap() {
    const double before = last_;
    last_ = now();
    return last_ - before;
  }

 private:
  static double now() {
    std::timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

  double last_ = now();
};

}  // namespace lipsound2
