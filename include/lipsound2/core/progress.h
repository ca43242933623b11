#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lipsound2 {

/// How far a long job has come, on stderr: a bar that redraws itself on a terminal, a plain line
/// every ten seconds otherwise. Not thread-safe; call it from one thread.
class Progress {
 public:
  /// `unit` is what is counted, such as "clips"; `total` 0 means unknown.
  Progress(std::string title, std::int64_t total, std::string unit, std::int64_t done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Sets the count, and a note shown at the end of the line (such as "loss 0.412").
  void update(std::int64_t done, const std::string& note = "");
  /// The same for work whose end is not a count: `share` of it, in [0, 1], is done.
  void update(std::int64_t done, double share, const std::string& note);

 private:
  double share_of(std::int64_t done) const;
  void draw(const std::string& note);

  std::string title_;
  std::string unit_;
  std::int64_t total_;
  std::int64_t first_;
  std::int64_t done_;
  double share_;
  double first_share_ = -1;  ///< of the first update; below 0: none yet
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace lipsound2
