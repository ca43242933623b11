#include "lipsound2/asr/ngram_model.h"

#include "word_hash.h"

namespace lipsound2::asr {

std::size_t NgramModel::word_slot(std::uint64_t hash) const {
  const std::size_t mask = word_slots_.size() - 1;
  std::size_t at = hash & mask;
  while (word_slots_[at].word != kNone && word_slots_[at].hash != hash)
    at = (at + 1) & mask;
  return at;
}

// The upper half of the product spreads over all slots, whatever their number (Lemire 2019).
std::size_t NgramModel::slot_of(std::uint64_t key) const {
  constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t mixed = spread(key) >> 32;
  std::size_t at = static_cast<std::size_t>((mixed * slots_.size()) >> 32);
  while (slots_[at].key != key && slots_[at].key != kEmpty)
    at = at + 1 == slots_.size() ? 0 : at + 1;
  return at;
}

NgramModel::Word NgramModel::word(std::string_view text) const {
  const WordSlot& slot = word_slots_[word_slot(hash_word(text))];
  return slot.word == kNone ? kUnknown : slot.word;
}

NgramModel::Step NgramModel::step(State state, Word word) const {
  float backoff = 0;
  while (state != kNone) {
    const Slot& found = find(state, word);
    if (found.next != kNone)
      return {backoff + found.log10, found.next};
    if (is_word(state)) {
      backoff += unigrams_[state].backoff;
      break;
    }
    backoff += slot_at(state).backoff;
    state = slot_at(state).suffix;
  }
  return {backoff + unigrams_[word].log10, order_ > 1 ? word : kNone};
}

double NgramModel::sentence(std::span<const std::string_view> words) const {
  double total = 0;
  State state = begin_;
  for (const std::string_view text : words) {
    const Step result = step(state, word(text));
    total += static_cast<double>(result.log10);
    state = result.next;
  }
  return total + static_cast<double>(end(state));
}

}  // namespace lipsound2::asr
