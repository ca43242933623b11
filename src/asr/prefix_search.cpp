#include "prefix_search.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lipsound2::asr {

// Note [Prefixes without merging]
//
// A frame leads from a prefix to itself (a blank, or its last symbol again) and to itself with one
// more symbol. Textbooks gather all of these in a hash table, where the same text may come from two
// sides: from itself, and from its parent. Here prefixes are nodes of a tree, each text once. So a
// longer text that lives already gets its parent's share at once (stay()), and any other is a
// candidate that nothing else leads to: its score is one addition, and it becomes a node only when
// it is among the best of the frame.
//
// Symbols are tried likeliest first. Since a model can only lower a score (and a word raise it by
// beta), a prefix is done with as soon as a symbol cannot reach the worst candidate that is kept
// any more. That prunes nothing that would have been kept.

namespace {

// ln(exp(a) + exp(b)); minus infinity is nothing, and so is what rounding would take away.
double log_add(double a, double b) {
  constexpr double kNothing = 40;  // exp(-40) is 4e-18
  const double high = std::max(a, b);
  const double low = std::min(a, b);
  return low <= high - kNothing ? high : high + std::log1p(std::exp(low - high));
}

}  // namespace

PrefixSearch::PrefixSearch(const SearchSetup& setup)
    : setup_(setup), prefixes_(1), live_{0}, taken_(setup.symbols.size(), kNone) {
  Prefix& empty = prefixes_[0];
  empty.blank = empty.total = 0;
  empty.live = true;
  if (setup_.knowledge.model != nullptr)
    empty.state = setup_.knowledge.model->begin();
}

void PrefixSearch::step(const float* log_probs) {
  candidates_.clear();
  threshold_ = kImpossible;
  sort_symbols(log_probs);
  stay(log_probs);
  for (const Index index : live_)
    extend(index, log_probs);
  keep_best();
  take_over();
}

void PrefixSearch::sort_symbols(const float* log_probs) {
  by_probability_.clear();
  for (std::size_t label = 0; label < setup_.symbols.size(); ++label)
    if (!std::isinf(log_probs[label]))
      by_probability_.push_back(static_cast<std::int32_t>(label));
  std::sort(by_probability_.begin(), by_probability_.end(), [log_probs](auto a, auto b) {
    return log_probs[a] != log_probs[b] ? log_probs[a] > log_probs[b] : a < b;
  });
}

void PrefixSearch::stay(const float* log_probs) {
  const double blank = log_probs[setup_.symbols.size()];
  for (const Index index : live_) {
    Prefix& prefix = prefixes_[index];
    prefix.next_blank = prefix.total + blank;
    prefix.next_symbol = symbol_again(prefix, log_probs);
    prefix.next_total = log_add(prefix.next_blank, prefix.next_symbol);
    propose({.score = prefix.next_total + prefix.knowledge, .prefix = index});
  }
  keep_best();
}

// Ways that end in the last symbol once more: it goes on, or comes new behind the parent.
double PrefixSearch::symbol_again(const Prefix& prefix, const float* log_probs) const {
  if (prefix.label < 0)
    return kImpossible;
  const double symbol = log_probs[prefix.label];
  const Prefix& parent = prefixes_[prefix.parent];
  if (!parent.live)
    return prefix.symbol + symbol;
  const double before = parent.label == prefix.label ? parent.blank : parent.total;
  return log_add(prefix.symbol, before) + symbol;
}

void PrefixSearch::extend(Index index, const float* log_probs) {
  const Prefix& prefix = prefixes_[index];
  for (Index child = prefix.first_child; child != kNone; child = prefixes_[child].next_sibling)
    if (prefixes_[child].live)
      taken_[static_cast<std::size_t>(prefixes_[child].label)] = index;
  const double bonus = std::max(setup_.config.beta, 0.0);
  for (const std::int32_t label : by_probability_) {
    const double reached = (label == prefix.label ? prefix.blank : prefix.total) + log_probs[label];
    if (prefix.total + log_probs[label] + prefix.knowledge + bonus <= threshold_)
      break;
    if (std::isinf(reached) || taken_[static_cast<std::size_t>(label)] == index ||
        !may_follow(prefix, label))
      continue;
    const double knowledge = knowledge_after(index, label);
    propose({.score = reached + knowledge,
             .prefix = index,
             .label = label,
             .symbol = reached,
             .knowledge = knowledge});
  }
  // Numbers of prefixes come again in later frames.
  for (Index child = prefix.first_child; child != kNone; child = prefixes_[child].next_sibling)
    taken_[static_cast<std::size_t>(prefixes_[child].label)] = kNone;
}

bool PrefixSearch::may_follow(const Prefix& prefix, std::int32_t label) const {
  const WordList* words = setup_.knowledge.words;
  if (words == nullptr)
    return true;
  if (label == setup_.alphabet.space())
    return !prefix.in_word || words->is_word(prefix.letters);
  return words->step(prefix.letters, label) != WordList::kNowhere;
}

double PrefixSearch::knowledge_after(Index index, std::int32_t label) {
  const Prefix& prefix = prefixes_[index];
  if (!by_words())
    return prefix.knowledge +
           scored(prefix.state, setup_.words[static_cast<std::size_t>(label)]).score;
  if (label != setup_.alphabet.space() || !prefix.in_word)
    return prefix.knowledge;
  return prefix.knowledge + word_end(index).score;
}

void PrefixSearch::propose(const Candidate& candidate) {
  const auto beam = static_cast<std::size_t>(setup_.config.beam);
  if (candidate.score <= threshold_)
    return;
  threshold_ = std::max(threshold_, candidate.score - setup_.config.prune);
  candidates_.push_back(candidate);
  if (candidates_.size() >= 2 * beam)
    keep_best();
}

// Leaves the best and raises the threshold to the worst of them.
void PrefixSearch::keep_best() {
  const auto beam = static_cast<std::size_t>(setup_.config.beam);
  if (candidates_.size() < beam)
    return;
  const auto better = [](const Candidate& a, const Candidate& b) {
    if (a.score != b.score)
      return a.score > b.score;
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.label < b.label;
  };
  const auto worst = candidates_.begin() + static_cast<std::ptrdiff_t>(beam - 1);
  std::nth_element(candidates_.begin(), worst, candidates_.end(), better);
  candidates_.resize(beam);
  threshold_ = std::max(threshold_, candidates_.back().score);
}

void PrefixSearch::take_over() {
  for (const Index index : live_)
    prefixes_[index].live = false;
  std::sort(candidates_.begin(), candidates_.end(), [](const auto& a, const auto& b) {
    return a.score > b.score;
  });
  std::vector<Index> kept;
  for (const Candidate& candidate : candidates_) {
    if (candidate.score < candidates_.front().score - setup_.config.prune)
      break;
    const bool stays = candidate.label < 0;
    kept.push_back(stays ? candidate.prefix : child_of(candidate.prefix, candidate.label));
    Prefix& prefix = prefixes_[kept.back()];
    if (!stays) {
      prefix.next_blank = kImpossible;
      prefix.next_symbol = prefix.next_total = candidate.symbol;
      prefix.knowledge = candidate.knowledge;
    }
    prefix.live = true;
  }
  for (const Index index : kept) {
    prefixes_[index].blank = prefixes_[index].next_blank;
    prefixes_[index].symbol = prefixes_[index].next_symbol;
    prefixes_[index].total = prefixes_[index].next_total;
  }
  live_ = std::move(kept);
}

PrefixSearch::Index PrefixSearch::child_of(Index parent, std::int32_t label) {
  for (Index child = prefixes_[parent].first_child; child != kNone;
       child = prefixes_[child].next_sibling)
    if (prefixes_[child].label == label)
      return child;
  const auto index = static_cast<Index>(prefixes_.size());
  Prefix child;
  child.parent = parent;
  child.label = label;
  child.next_sibling = prefixes_[parent].first_child;
  if (by_words() && label == setup_.alphabet.space())
    child.state = prefixes_[parent].in_word ? word_end(parent).state : prefixes_[parent].state;
  start_child(child, prefixes_[parent]);
  prefixes_[parent].first_child = index;
  prefixes_.push_back(child);
  return index;
}

void PrefixSearch::start_child(Prefix& child, const Prefix& parent) {
  const bool is_space = child.label == setup_.alphabet.space();
  child.in_word = !is_space;
  if (!by_words())
    child.state = scored(parent.state, setup_.words[static_cast<std::size_t>(child.label)]).state;
  else if (!is_space)
    child.state = parent.state;
  if (setup_.knowledge.words != nullptr && !is_space)
    child.letters = setup_.knowledge.words->step(parent.letters, child.label);
}

PrefixSearch::Advance PrefixSearch::scored(NgramModel::State state, NgramModel::Word word) const {
  if (setup_.knowledge.model == nullptr)
    return {setup_.config.beta, state};
  const auto [log10, next] = setup_.knowledge.model->step(state, word);
  const double weight = setup_.config.alpha * std::numbers::ln10;
  return {weight * static_cast<double>(log10) + setup_.config.beta, next};
}

const PrefixSearch::Advance& PrefixSearch::word_end(Index index) {
  Prefix& prefix = prefixes_[index];
  if (!prefix.word_scored) {
    const NgramModel* model = setup_.knowledge.model;
    const NgramModel::Word word = model == nullptr ? 0 : model->word(last_word(index));
    prefix.word_end = scored(prefix.state, word);
    prefix.word_scored = true;
  }
  return prefix.word_end;
}

std::string PrefixSearch::last_word(Index index) const {
  std::vector<std::int32_t> labels;
  for (; prefixes_[index].in_word; index = prefixes_[index].parent)
    labels.push_back(prefixes_[index].label);
  std::string word;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label)
    word += setup_.symbols[static_cast<std::size_t>(*label)];
  return word;
}

// What the end of the text adds: its last word and the end of the sentence.
double PrefixSearch::ending(Index index) {
  const bool open = by_words() && prefixes_[index].in_word;
  const Advance last = open ? word_end(index) : Advance{0, prefixes_[index].state};
  if (setup_.knowledge.model == nullptr)
    return last.score;
  const double weight = setup_.config.alpha * std::numbers::ln10;
  return last.score + weight * static_cast<double>(setup_.knowledge.model->end(last.state));
}

CtcHypothesis PrefixSearch::hypothesis(Index index, double ending) const {
  CtcHypothesis result;
  result.acoustic = prefixes_[index].total;
  result.score = result.acoustic + prefixes_[index].knowledge + ending;
  for (Index at = index; prefixes_[at].label >= 0; at = prefixes_[at].parent)
    result.labels.push_back(prefixes_[at].label);
  std::reverse(result.labels.begin(), result.labels.end());
  return result;
}

std::vector<CtcHypothesis> PrefixSearch::finish() {
  const WordList* words = setup_.knowledge.words;
  const auto unfinished = [&](Index index) {
    return words != nullptr && prefixes_[index].in_word &&
           !words->is_word(prefixes_[index].letters);
  };
  std::vector<CtcHypothesis> found;
  for (const Index index : live_)
    if (!unfinished(index))
      found.push_back(hypothesis(index, ending(index)));
  if (found.empty() && !live_.empty()) {
    found.push_back(hypothesis(live_.front(), 0));
    std::vector<std::int64_t>& labels = found[0].labels;
    while (!labels.empty() && labels.back() != setup_.alphabet.space())
      labels.pop_back();
  }
  std::stable_sort(
      found.begin(), found.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  return found;
}

}  // namespace lipsound2::asr
