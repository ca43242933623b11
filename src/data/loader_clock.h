#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "lipsound2/data/loader.h"

namespace lipsound2::data {

enum class LoaderPart { kRead, kDecode, kSound, kAugment, kWait, kCopy };

/// Adds up where the time of a loader's or prefetcher's threads goes. Any thread may measure.
class LoaderClock {
 public:
  /// Measures from its making to its end.
  class Span {
   public:
    Span(LoaderClock& clock, LoaderPart part) : sum_(clock.sums_[static_cast<int>(part)]) {}
    ~Span() { sum_ += (std::chrono::steady_clock::now() - begin_).count(); }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

   private:
    std::atomic<std::chrono::steady_clock::rep>& sum_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  };

  LoaderTimes times() const {
    return {.read_ms = ms(LoaderPart::kRead),
            .decode_ms = ms(LoaderPart::kDecode),
            .sound_ms = ms(LoaderPart::kSound),
            .augment_ms = ms(LoaderPart::kAugment),
            .wait_ms = ms(LoaderPart::kWait),
            .copy_ms = ms(LoaderPart::kCopy)};
  }

 private:
  double ms(LoaderPart part) const {
    const std::chrono::steady_clock::duration sum(sums_[static_cast<int>(part)].load());
    return std::chrono::duration<double, std::milli>(sum).count();
  }

  std::array<std::atomic<std::chrono::steady_clock::rep>, 6> sums_{};
};

}  // namespace lipsound2::data
