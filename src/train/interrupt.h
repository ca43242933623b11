#pragma once

#include <csignal>

namespace lipsound2::train {

/// While it lives, the first SIGINT or SIGTERM only raises a flag, so that the work in flight can
/// be finished and saved; the second one ends the process at once with exit code 128 + its number.
/// The former handlers come back with the destructor. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;

 private:
  struct sigaction former_int_ = {};
  struct sigaction former_term_ = {};
};

}  // namespace lipsound2::train
