#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lipsound2::asr {

/// A backoff n-gram model as ARPA files hold it. Words and states are small numbers; a state is the
/// longest end of the history that the model knows, so that equal states score alike. Immutable
/// after reading, so safe to use from several threads.
///
/// Words are known by a 64-bit hash of their bytes: two words of one model that share a hash are an
/// error when it is read, a foreign word that shares one with a word of the model (one in 10^13 for
/// a million words) is taken for it.
class NgramModel {
 public:
  using Word = std::uint32_t;
  using State = std::uint32_t;

  static constexpr Word kUnknown = 0;  ///< <unk>
  /// Of <unk> when the file has none, in log10; kenlm's choice.
  static constexpr float kUnlistedUnknown = -100;

  struct Step {
    float log10 = 0;  ///< probability of the word after the state
    State next = 0;
  };

  /// Reads an ARPA file of any order, plain or gzip. Throws kIo when unreadable; kData with the
  /// line when it is cut short, has other counts than its header promises, a number or field is
  /// bad, an n-gram comes twice or lacks its words or its context, or <s> or </s> is missing.
  static NgramModel read(const std::filesystem::path& file);
  /// From a text; `name` is what errors call it.
  static NgramModel parse(std::string text, const std::string& name);

  int order() const { return order_; }
  /// Number of 1-grams, <unk> included.
  std::int64_t words() const { return static_cast<std::int64_t>(unigrams_.size()); }
  /// Of every order together.
  std::int64_t ngrams() const { return ngrams_; }
  /// kUnknown for a word that the model does not list.
  Word word(std::string_view text) const;

  /// After <s>.
  State begin() const { return begin_; }
  Step step(State state, Word word) const;
  /// Log10 probability that the sentence ends after the state.
  float end(State state) const { return step(state, end_word_).log10; }
  /// Log10 probability of a whole sentence, from <s> to </s>.
  double sentence(std::span<const std::string_view> words) const;

 private:
  friend class ArpaParser;

  static constexpr State kNone = std::numeric_limits<State>::max();

  struct Unigram {
    float log10 = kUnlistedUnknown;
    float backoff = 0;
  };
  /// Words by hash, open addressing with a power of two of slots.
  struct WordSlot {
    std::uint64_t hash = 0;
    Word word = kNone;
  };
  /// An n-gram of two words or more: open addressing by (context, last word). States below words()
  /// are single words; the others are words() + slot.
  struct Slot {
    std::uint64_t key = std::numeric_limits<std::uint64_t>::max();
    float log10 = 0;
    float backoff = 0;
    State suffix = kNone;  ///< the state without the first word
    State next =
        kNone;  ///< the state after this n-gram: itself, or its suffix at the highest order
  };

  static std::uint64_t key_of(State context, Word word) {
    return (static_cast<std::uint64_t>(context) << 32) | word;
  }
  std::size_t word_slot(std::uint64_t hash) const;
  std::size_t slot_of(std::uint64_t key) const;
  /// The slot of (context, word), or the empty slot where it would be.
  const Slot& find(State context, Word word) const {
    return slots_[slot_of(key_of(context, word))];
  }
  const Slot& slot_at(State state) const { return slots_[state - unigrams_.size()]; }
  bool is_word(State state) const { return state < unigrams_.size(); }

  int order_ = 0;
  std::int64_t ngrams_ = 0;
  State begin_ = kNone;
  Word end_word_ = kUnknown;
  std::vector<WordSlot> word_slots_;
  std::vector<Unigram> unigrams_;
  std::vector<Slot> slots_;
};

}  // namespace lipsound2::asr
