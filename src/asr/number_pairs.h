#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "word_hash.h"

namespace lipsound2::asr {

/// Numbers pairs of numbers in the order of their first coming.
class NumberPairs {
 public:
  /// The number of (first, second); a new one when the pair has not come before.
  std::uint32_t number(std::uint32_t first, std::uint32_t second) {
    if (2 * (count_ + 1) > slots_.size())
      grow();
    Slot& slot = slots_[slot_of((static_cast<std::uint64_t>(first) << 32) | second)];
    if (slot.number == kEmpty)
      slot = {(static_cast<std::uint64_t>(first) << 32) | second, count_++};
    return slot.number;
  }
  std::uint32_t count() const { return count_; }

 private:
  static constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();

  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t number = kEmpty;
  };

  std::size_t slot_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (spread(key) >> 20) & mask;
    while (slots_[at].number != kEmpty && slots_[at].key != key)
      at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 1024 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.number != kEmpty)
        slots_[slot_of(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  std::uint32_t count_ = 0;
};

}  // namespace lipsound2::asr
