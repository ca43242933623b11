#include "demo_crew.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "lipsound2/core/progress.h"

namespace lipsound2::corpora::demo {

namespace {

constexpr std::size_t kRound = 16;

}  // namespace

void make_clips(std::size_t count,
                const std::function<Utterance(std::size_t)>& speak,
                const std::function<void(std::size_t, const Utterance&)>& draw) {
  Progress progress("demo corpus", static_cast<std::int64_t>(count), "clips");
  for (std::size_t first = 0; first < count; first += kRound) {
    const std::size_t last = std::min(first + kRound, count);
    std::vector<Utterance> spoken;
    for (std::size_t i = first; i < last; ++i)
      spoken.push_back(speak(i));
    std::atomic<std::size_t> next{first};
    const auto work = [&] {
      for (std::size_t i = next++; i < last; i = next++)
        draw(i, spoken[i - first]);
    };
    std::vector<std::future<void>> crew;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
      crew.push_back(std::async(std::launch::async, work));
    for (std::future<void>& worker : crew)
      worker.get();
    progress.update(static_cast<std::int64_t>(last));
  }
}

}  // namespace lipsound2::corpora::demo
