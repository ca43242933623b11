#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "lipsound2/asr/ngram_model.h"
#include "lipsound2/core/error.h"

#include "text_lines.h"
#include "word_hash.h"

namespace lipsound2::asr {

/// Reads one ARPA text into a model. See Note [Contexts of an ARPA line].
class ArpaParser {
 public:
  explicit ArpaParser(TextLines& lines) : lines_(lines) {}

  NgramModel parse();

 private:
  using Word = NgramModel::Word;
  using State = NgramModel::State;

  /// What a line of a section holds.
  struct Entry {
    float log10 = 0;
    float backoff = 0;
  };

  template <class... Args>
  [[noreturn]] void fail_here(fmt::format_string<Args...> expected, Args&&... args) const;
  std::string_view shown_line() const;
  bool next_line();
  bool next_full_line();

  void read_counts();
  std::int64_t count_in(std::string_view line) const;
  void check_counts() const;
  void reserve();
  void read_section(int n);
  void read_unigram(std::int64_t index);
  void read_ngram(int n);
  Entry read_entry(int n);
  float number_in(std::string_view field, const char* what) const;
  std::string_view next_field();
  Word listed_word(std::string_view text) const;
  State context_of(int n);
  State suffix_of(State context, Word last) const;
  void store(State context, Word last, const Entry& entry, int n);
  void finish();

  TextLines& lines_;
  std::string_view line_;
  std::string_view rest_;             ///< of line_, not yet taken by next_field()
  std::vector<std::int64_t> counts_;  ///< counts_[n - 1] n-grams are promised
  NgramModel model_;
  std::vector<std::string_view> fields_;
  std::vector<Word> ids_;       ///< words of the line
  std::vector<Word> last_ids_;  ///< words of the line before
  std::vector<State>
      contexts_;  ///< contexts_[k] is the state of the first k + 1 words of last_ids_
};

// Note [Contexts of an ARPA line]
//
// An n-gram is stored under the state of its first n - 1 words, found by following them one by one
// from the 1-gram. Neighboring lines mostly share their first words, so the states of the last line
// are kept, and only words that changed are followed again.
//
// The suffix of an n-gram, the state without its first word, is where scoring goes on after a
// miss. It is found from the suffix of its context: at most one step per word. Models that were
// pruned may lack it; then the next shorter one takes its place, as its backoff weight would be 1.

template <class... Args>
void ArpaParser::fail_here(fmt::format_string<Args...> expected, Args&&... args) const {
  fail(ErrorKind::kData,
       "{}:{}: expected {}, found '{}'",
       lines_.name(),
       lines_.number(),
       fmt::format(expected, std::forward<Args>(args)...),
       shown_line());
}

std::string_view ArpaParser::shown_line() const {
  return line_.substr(0, 80);
}

bool ArpaParser::next_line() {
  const auto line = lines_.next();
  line_ = rest_ = line.value_or(std::string_view());
  return line.has_value();
}

// Skips lines without anything but white space.
bool ArpaParser::next_full_line() {
  while (next_line())
    if (line_.find_first_not_of(" \t") != std::string_view::npos)
      return true;
  return false;
}

std::string_view ArpaParser::next_field() {
  std::size_t from = 0;
  while (from < rest_.size() && (rest_[from] == ' ' || rest_[from] == '\t'))
    ++from;
  std::size_t to = from;
  while (to < rest_.size() && rest_[to] != ' ' && rest_[to] != '\t')
    ++to;
  const std::string_view field = rest_.substr(from, to - from);
  rest_.remove_prefix(to);
  return field;
}

float ArpaParser::number_in(std::string_view field, const char* what) const {
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
  ids_.resize(counts_.size());
  last_ids_.assign(counts_.size(), NgramModel::kNone);
  contexts_.resize(counts_.size());
}

ArpaParser::Entry ArpaParser::read_entry(int n) {
  const auto order = static_cast<int>(counts_.size());
  Entry entry;
  entry.log10 = number_in(next_field(), "a log10 probability");
  if (entry.log10 > 0)
    fail_here("a log10 probability, at most 0");
  fields_.clear();
  for (int i = 0; i < n; ++i) {
    fields_.push_back(next_field());
    if (fields_.back().empty())
      fail_here("a probability and {} words", n);
  }
  if (const std::string_view backoff = next_field(); !backoff.empty()) {
    if (n == order)
      fail_here("a probability and {} words, without a backoff weight", n);
    entry.backoff = number_in(backoff, "a backoff weight");
  }
  if (!next_field().empty())
    fail_here("a probability, {} words and a backoff weight", n);
  return entry;
}

void ArpaParser::read_unigram(std::int64_t index) {
  const Entry entry = read_entry(1);
  const std::string_view text = fields_[0];
  const std::uint64_t hash = hash_word(text);
  const bool unknown = text == "<unk>" || text == "<UNK>";
  auto& slot = model_.word_slots_[model_.word_slot(hash)];
  if (slot.word != NgramModel::kNone)
    fail_here("word {} of {} to be another one than those before", index + 1, counts_[0]);
  slot = {hash, unknown ? NgramModel::kUnknown : static_cast<Word>(model_.unigrams_.size())};
  if (!unknown)
    model_.unigrams_.emplace_back();
  model_.unigrams_[slot.word] = {entry.log10, entry.backoff};
  if (text == "<s>")
    model_.begin_ = slot.word;
  if (text == "</s>")
    model_.end_word_ = slot.word;
}

ArpaParser::Word ArpaParser::listed_word(std::string_view text) const {
  const auto& slot = model_.word_slots_[model_.word_slot(hash_word(text))];
  if (slot.word == NgramModel::kNone)
    fail_here("words of the 1-grams ('{}' is none)", text);
  return slot.word;
}

ArpaParser::State ArpaParser::context_of(int n) {
  const auto length = static_cast<std::size_t>(n - 1);
  std::size_t known = 0;
  while (known < length && ids_[known] == last_ids_[known])
    ++known;
  for (std::size_t i = known; i < length; ++i) {
    contexts_[i] = i == 0 ? ids_[0] : model_.find(contexts_[i - 1], ids_[i]).next;
    if (contexts_[i] == NgramModel::kNone)
      fail_here("an n-gram whose first {} words are a {}-gram", i + 1, i + 1);
    last_ids_[i] = ids_[i];
  }
  if (known < length && length < last_ids_.size())
    last_ids_[length] = NgramModel::kNone;
  return contexts_[length - 1];
}

ArpaParser::State ArpaParser::suffix_of(State context, Word last) const {
  while (!model_.is_word(context)) {
    context = model_.slot_at(context).suffix;
    if (const State found = model_.find(context, last).next; found != NgramModel::kNone)
      return found;
  }
  return last;
}

void ArpaParser::store(State context, Word last, const Entry& entry, int n) {
  const std::uint64_t key = NgramModel::key_of(context, last);
  const std::size_t at = model_.slot_of(key);
  auto& slot = model_.slots_[at];
  if (slot.key == key)
    fail_here("each n-gram only once");
  const State suffix = suffix_of(context, last);
  const auto state = static_cast<State>(model_.unigrams_.size() + at);
  slot = {key, entry.log10, entry.backoff, suffix, n == model_.order_ ? suffix : state};
}

void ArpaParser::read_ngram(int n) {
  const Entry entry = read_entry(n);
  for (int i = 0; i < n; ++i)
    ids_[static_cast<std::size_t>(i)] = listed_word(fields_[static_cast<std::size_t>(i)]);
  store(context_of(n), ids_[static_cast<std::size_t>(n - 1)], entry, n);
}

void ArpaParser::read_section(int n) {
  const std::int64_t count = counts_[static_cast<std::size_t>(n - 1)];
  if (line_ != fmt::format("\\{}-grams:", n))
    fail_here("\\{}-grams:", n);
  for (std::int64_t i = 0; i < count; ++i) {
    if (!next_line() || line_.empty() || line_.front() == '\\')
      fail_here("{}-gram {} of the {} that \\data\\ promises", n, i + 1, count);
    if (n == 1)
      read_unigram(i);
    else
      read_ngram(n);
  }
  if (!next_full_line() || !line_.starts_with('\\'))
    fail_here("the end of the {} {}-grams that \\data\\ promises", count, n);
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
