#include "interrupt.h"

#include <atomic>

#include <unistd.h>

namespace lipsound2::train {
namespace {

// A signal handler can reach nothing else; lock-free, because any thread may run the handler.
std::atomic<std::sig_atomic_t> interrupt_seen = 0;
static_assert(std::atomic<std::sig_atomic_t>::is_always_lock_free);

extern "C" void note_interrupt(int signal) {
  if (interrupt_seen.exchange(1) != 0)
    ::_exit(128 + signal);
}

}  // namespace

Interrupt::Interrupt() {
  interrupt_seen = 0;
  struct sigaction action = {};
  action.sa_handler = &note_interrupt;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &former_int_);
  ::sigaction(SIGTERM, &action, &former_term_);
}

Interrupt::~Interrupt() {
  ::sigaction(SIGINT, &former_int_, nullptr);
  ::sigaction(SIGTERM, &former_term_, nullptr);
}

bool Interrupt::requested() const {
  return interrupt_seen != 0;
}

}  // namespace lipsound2::train
