#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "lipsound2/asr/ngram_model.h"
#include "lipsound2/core/error.h"

#include "arpa_fields.h"
#include "text_lines.h"
#include "word_hash.h"

namespace lipsound2::asr {

/// Reads one ARPA text into a model. See Note [Lines of an ARPA file in batches].
class ArpaParser {
 public:
  explicit ArpaParser(TextLines& lines) : lines_(lines), batch_(kBatch) {}

  NgramModel parse();

 private:
  using Word = NgramModel::Word;
  using State = NgramModel::State;
  using Key = NgramModel::Key;

  static constexpr std::size_t kBatch = 64;

  /// A line of a section: an n-gram.
  struct Line {
    std::int64_t number = 0;
    std::string text;  ///< kept for errors
    float log10 = 0;
    float backoff = 0;
    std::vector<std::uint64_t> hashes;  ///< of its n words
    std::vector<Word> words;
    Key key = 0;      ///< of all words
    Key context = 0;  ///< of all but the last
  };

  template <class... Args>
  [[noreturn]] void fail_at(const Line& line,
                            fmt::format_string<Args...> expected,
                            Args&&... args) const;
  template <class... Args>
  [[noreturn]] void fail_here(fmt::format_string<Args...> expected, Args&&... args) const;
  bool next_line();
  bool next_full_line();

  void read_counts();
  std::int64_t count_in(std::string_view line) const;
  void check_counts() const;
  void reserve();
  void read_section(int n);
  void read_unigrams();
  void read_ngrams(int n);
  void next_entry(int n, std::int64_t index);
  void read_entry(Line& line, int n) const;
  void keep_unigram(const Line& line);
  float number_in(std::string_view field, const char* what) const;
  void store_batch(std::size_t count);
  void find_words(Line& line) const;
  void store(const Line& line);
  State suffix_of(const Line& line) const;
  void finish();

  TextLines& lines_;
  std::string_view line_;
  std::vector<std::int64_t> counts_;  ///< counts_[n - 1] n-grams are promised
  NgramModel model_;
  std::vector<Line> batch_;
};

// Note [Lines of an ARPA file in batches]
//
// Reading a large model is waiting for memory: each n-gram needs the slots of its words, of its
// context (its first n - 1 words, which must be in the model), of its suffix (all but the first
// word), and its own, anywhere in tables far larger than the caches. So a batch of lines is parsed
// before the first of them is looked at again, and what it will need has been fetched by then.
//
// The suffix is where scoring goes on after a miss. Models that were pruned may lack it; then the
// next shorter one takes its place, as its backoff weight would be 1.

template <class... Args>
void ArpaParser::fail_at(const Line& line,
                         fmt::format_string<Args...> expected,
                         Args&&... args) const {
  constexpr std::size_t kShown = 80;
  fail(ErrorKind::kData,
       "{}:{}: expected {}, found '{}'",
       lines_.name(),
       line.number,
       fmt::format(expected, std::forward<Args>(args)...),
       line.text.substr(0, kShown));
}

template <class... Args>
void ArpaParser::fail_here(fmt::format_string<Args...> expected, Args&&... args) const {
  Line line;
  line.number = lines_.number();
  line.text = line_;
  fail_at(line, expected, std::forward<Args>(args)...);
}

bool ArpaParser::next_line() {
  const auto line = lines_.next();
  line_ = line.value_or(std::string_view());
  return line.has_value();
}

// Skips lines without anything but white space.
bool ArpaParser::next_full_line() {
  while (next_line())
    if (line_.find_first_not_of(" \t") != std::string_view::npos)
      return true;
  return false;
}

float ArpaParser::number_in(std::string_view field, const char* what) const {
  if (const auto plain = plain_number(field))
    return *plain;
  float value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || error != std::errc() || end != field.data() + field.size() ||
      !std::isfinite(value))
    fail_here("{}, a finite number", what);
  return value;
}

std::int64_t ArpaParser::count_in(std::string_view line) const {
  const std::string head = fmt::format("ngram {}=", counts_.size() + 1);
  std::int64_t count = -1;
  if (line.starts_with(head)) {
    const char* end = line.data() + line.size();
    const auto parsed = std::from_chars(line.data() + head.size(), end, count);
    if (parsed.ec != std::errc() || parsed.ptr != end)
      count = -1;
  }
  if (count < 0)
    fail_here("'{}' and a count", head);
  return count;
}

void ArpaParser::read_counts() {
  if (!next_full_line() || line_ != "\\data\\")
    fail_here("\\data\\, the start of an ARPA file");
  while (next_full_line() && !line_.starts_with('\\'))
    counts_.push_back(count_in(line_));
  check_counts();
}

// Before any memory is taken: a few bytes must not ask for all of it.
void ArpaParser::check_counts() const {
  constexpr std::int64_t kLargestStates = std::numeric_limits<std::uint32_t>::max() / 2;
  require(!counts_.empty(),
          ErrorKind::kData,
          "{}:{}: expected 'ngram 1=' and a count, found no counts",
          lines_.name(),
          lines_.number());
  std::int64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::int64_t shortest = 2 * (static_cast<std::int64_t>(i) + 1) + 2;  // "0 a b\n"
    require(counts_[i] <= lines_.largest_size() / shortest + 1,
            ErrorKind::kData,
            "{}: promises {} {}-grams, more than fit into the file",
            lines_.name(),
            counts_[i],
            i + 1);
    total += counts_[i];
  }
  require(total < kLargestStates,
          ErrorKind::kData,
          "{}: {} n-grams are too many, at most {} can be read",
          lines_.name(),
          total,
          kLargestStates);
}

void ArpaParser::reserve() {
  model_.order_ = static_cast<int>(counts_.size());
  model_.ngrams_ = std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
  std::size_t word_slots = 4;
  while (word_slots < 2 * static_cast<std::size_t>(counts_[0] + 1))
    word_slots *= 2;
  model_.word_slots_.resize(word_slots);
  model_.unigrams_.reserve(static_cast<std::size_t>(counts_[0] + 1));
  model_.unigrams_.emplace_back();  // <unk>
  const auto longer = static_cast<std::size_t>(model_.ngrams_ - counts_[0]);
  model_.slots_.resize(longer + longer / 2 + 1);
}

void ArpaParser::read_entry(Line& line, int n) const {
  std::string_view rest = line_;
  line.log10 = number_in(take_field(rest), "a log10 probability");
  if (line.log10 > 0)
    fail_here("a log10 probability, at most 0");
  line.hashes.resize(static_cast<std::size_t>(n));
  for (std::uint64_t& hash : line.hashes) {
    const std::string_view word = take_field(rest);
    if (word.empty())
      fail_here("a probability and {} words", n);
    hash = hash_word(word);
  }
  line.backoff = 0;
  if (const std::string_view backoff = take_field(rest); !backoff.empty()) {
    if (n == model_.order_)
      fail_here("a probability and {} words, without a backoff weight", n);
    line.backoff = number_in(backoff, "a backoff weight");
  }
  if (!take_field(rest).empty())
    fail_here("a probability, {} words and a backoff weight", n);
  line.number = lines_.number();
  line.text = line_;
}

void ArpaParser::keep_unigram(const Line& line) {
  std::string_view rest = line.text;
  take_field(rest);
  const std::string_view text = take_field(rest);
  const std::uint64_t hash = line.hashes[0];
  const bool unknown = text == "<unk>" || text == "<UNK>";
  auto& slot = model_.word_slots_[model_.word_slot(hash)];
  if (slot.word != NgramModel::kNone)
    fail_at(line, "a word other than those before");
  slot = {hash, unknown ? NgramModel::kUnknown : static_cast<Word>(model_.unigrams_.size())};
  if (!unknown)
    model_.unigrams_.emplace_back();
  model_.unigrams_[slot.word] = {line.log10, line.backoff};
  if (text == "<s>")
    model_.begin_ = slot.word;
  if (text == "</s>")
    model_.end_word_ = slot.word;
}

void ArpaParser::find_words(Line& line) const {
  line.words.clear();
  for (const std::uint64_t hash : line.hashes) {
    const Word word = model_.word_slots_[model_.word_slot(hash)].word;
    if (word == NgramModel::kNone) {
      std::string_view rest = line.text;
      for (std::size_t i = 0; i < line.words.size() + 1; ++i)
        take_field(rest);
      fail_at(line, "words of the 1-grams ('{}' is none)", take_field(rest));
    }
    line.words.push_back(word);
  }
}

ArpaParser::State ArpaParser::suffix_of(const Line& line) const {
  const std::span<const Word> words = line.words;
  for (std::size_t first = 1; first + 1 < words.size(); ++first) {
    const auto& found = model_.find(NgramModel::key_of(words.subspan(first)));
    if (found.next != NgramModel::kNone)
      return found.next;
  }
  return words.back();
}

void ArpaParser::store(const Line& line) {
  const std::size_t n = line.words.size();
  if (n > 2 && model_.find(line.context).next == NgramModel::kNone)
    fail_at(line, "an n-gram whose first {} words are a {}-gram", n - 1, n - 1);
  const std::size_t at = model_.slot_of(line.key);
  auto& slot = model_.slots_[at];
  if (slot.next != NgramModel::kNone)
    fail_at(line, "each n-gram only once");
  const State suffix = suffix_of(line);
  const auto state = static_cast<State>(model_.unigrams_.size() + at);
  const bool longest = n == counts_.size();
  slot = {line.key, line.log10, line.backoff, suffix, longest ? suffix : state};
}

void ArpaParser::store_batch(std::size_t count) {
  const std::span<Line> lines = std::span(batch_).first(count);
  for (Line& line : lines) {
    find_words(line);
    const std::span<const Word> words = line.words;
    line.context = NgramModel::key_of(words.first(words.size() - 1));
    line.key = NgramModel::extend(line.context, words.back());
    model_.prefetch(line.context);
    model_.prefetch(line.key);
    model_.prefetch(NgramModel::key_of(words.subspan(1)));
  }
  for (const Line& line : lines)
    store(line);
}

// Goes to the line of an entry, of which `index` have been read.
void ArpaParser::next_entry(int n, std::int64_t index) {
  if (!next_line() || line_.empty() || line_.front() == '\\')
    fail_here("{}-gram {} of the {} that \\data\\ promises",
              n,
              index + 1,
              counts_[static_cast<std::size_t>(n - 1)]);
}

void ArpaParser::read_unigrams() {
  for (std::int64_t i = 0; i < counts_[0]; ++i) {
    next_entry(1, i);
    read_entry(batch_[0], 1);
    keep_unigram(batch_[0]);
  }
}

void ArpaParser::read_ngrams(int n) {
  std::size_t waiting = 0;
  for (std::int64_t i = 0; i < counts_[static_cast<std::size_t>(n - 1)]; ++i) {
    next_entry(n, i);
    Line& line = batch_[waiting++];
    read_entry(line, n);
    for (const std::uint64_t hash : line.hashes)
      model_.prefetch_word(hash);
    if (waiting == batch_.size())
      store_batch(std::exchange(waiting, 0));
  }
  store_batch(waiting);
}

void ArpaParser::read_section(int n) {
  if (line_ != fmt::format("\\{}-grams:", n))
    fail_here("\\{}-grams:", n);
  if (n == 1)
    read_unigrams();
  else
    read_ngrams(n);
  if (!next_full_line() || !line_.starts_with('\\'))
    fail_here("the end of the {} {}-grams that \\data\\ promises",
              counts_[static_cast<std::size_t>(n - 1)],
              n);
}

void ArpaParser::finish() {
  if (line_ != "\\end\\")
    fail_here("\\end\\");
  require(model_.begin_ != NgramModel::kNone && model_.end_word_ != NgramModel::kUnknown,
          ErrorKind::kData,
          "{}: expected <s> and </s> among the 1-grams",
          lines_.name());
}

NgramModel ArpaParser::parse() {
  read_counts();
  reserve();
  for (int n = 1; n <= static_cast<int>(counts_.size()); ++n)
    read_section(n);
  finish();
  return std::move(model_);
}

NgramModel NgramModel::read(const std::filesystem::path& file) {
  TextLines lines(file);
  return ArpaParser(lines).parse();
}

NgramModel NgramModel::parse(std::string text, const std::string& name) {
  TextLines lines(std::move(text), name);
  return ArpaParser(lines).parse();
}

}  // namespace lipsound2::asr
