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
/// Words and n-grams are known by 64-bit hashes: two of one model that share a hash are an error
/// when it is read (one model in 10^6 of six million n-grams), a foreign one that shares a hash
/// with one of the model (one in 10^13 for a million) is taken for it.
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
  /// An n-gram of two words or more: open addressing by the key of its words. States below words()
  /// are single words; the others are words() + slot.
  using Key = std::uint64_t;
  struct Slot {
    Key key = 0;
    float log10 = 0;
    float backoff = 0;
    State suffix = kNone;  ///< the state without the first word
    /// The state after this n-gram: itself, or its suffix at the highest order; kNone when empty.
    State next = kNone;
  };

  /// Of one word more; the empty sequence has key 0.
  static Key extend(Key context, Word word);
  static Key key_of(std::span<const Word> words);
  Key key_of(State state) const;
  std::size_t first_slot(Key key) const;
  std::size_t word_slot(std::uint64_t hash) const;
  /// The slot with this key, or the empty one where it would be.
  std::size_t slot_of(Key key) const;
  const Slot& find(Key key) const { return slots_[slot_of(key)]; }
  /// What will be needed soon.
  void prefetch(Key key) const;
  void prefetch_word(std::uint64_t hash) const;
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
