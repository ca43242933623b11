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

// The upper half of the key spreads over all slots, whatever their number (Lemire 2019).
std::size_t NgramModel::first_slot(Key key) const {
  return static_cast<std::size_t>(((key >> 32) * slots_.size()) >> 32);
}

std::size_t NgramModel::slot_of(Key key) const {
  std::size_t at = first_slot(key);
  while (slots_[at].key != key && slots_[at].next != kNone)
    at = at + 1 == slots_.size() ? 0 : at + 1;
  return at;
}

NgramModel::Key NgramModel::extend(Key context, Word word) {
  return spread(context ^ (word + std::uint64_t{1}));
}

NgramModel::Key NgramModel::key_of(std::span<const Word> words) {
  Key key = 0;
  for (const Word word : words)
    key = extend(key, word);
  return key;
}

NgramModel::Key NgramModel::key_of(State state) const {
  return is_word(state) ? key_of(std::span<const Word>(&state, 1)) : slot_at(state).key;
}

void NgramModel::prefetch(Key key) const {
  __builtin_prefetch(&slots_[first_slot(key)]);
}

void NgramModel::prefetch_word(std::uint64_t hash) const {
  __builtin_prefetch(&word_slots_[hash & (word_slots_.size() - 1)]);
}

NgramModel::Word NgramModel::word(std::string_view text) const {
  const WordSlot& slot = word_slots_[word_slot(hash_word(text))];
  return slot.word == kNone ? kUnknown : slot.word;
}

NgramModel::Step NgramModel::step(State state, Word word) const {
  float backoff = 0;
  while (state != kNone) {
    const Slot& found = find(extend(key_of(state), word));
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
