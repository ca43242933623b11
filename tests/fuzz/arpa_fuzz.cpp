// Any bytes as an ARPA file, plain or gzip. A model that is taken scores the words of each of its
// lines as a plain calculation over the lines does.

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lipsound2/asr/ngram_model.h"

#include "fuzz/expect.h"
#include "fuzz/memory_file.h"

namespace lipsound2::fuzz {
namespace {

using asr::NgramModel;
using Words = std::vector<std::string>;

constexpr double kModerate = 1000;  // beyond, rounding hides mistakes

struct Weights {
  double log10 = 0;
  double backoff = 0;
};

/// What the lines of a good ARPA text say.
struct PlainModel {
  std::map<Words, Weights> ngrams;
  std::size_t order = 0;
  bool moderate = true;
};

Words fields_of(std::string_view line) {
  Words fields;
  std::string field;
  for (const char c : line) {
    if (c != ' ' && c != '\t') {
      field += c;
    } else if (!field.empty()) {
      fields.push_back(std::exchange(field, ""));
    }
  }
  if (!field.empty())
    fields.push_back(field);
  return fields;
}

void add_line(PlainModel& model, const Words& fields) {
  Words words(fields.begin() + 1, fields.begin() + 1 + static_cast<std::ptrdiff_t>(model.order));
  for (std::string& word : words)
    word = word == "<UNK>" ? "<unk>" : word;
  const double backoff = fields.size() > words.size() + 1 ? std::stod(fields.back()) : 0;
  model.ngrams[words] = {std::stod(fields[0]), backoff};
  model.moderate = model.moderate && std::abs(model.ngrams[words].log10) < kModerate &&
                   std::abs(backoff) < kModerate;
}

PlainModel plain_model(std::string_view text) {
  PlainModel model;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line == "\\end\\")
      break;
    const bool heading = line.starts_with('\\');
    if (heading && line != "\\data\\")
      ++model.order;
    else if (const Words fields = fields_of(line); !heading && model.order > 0 && !fields.empty())
      add_line(model, fields);
  }
  return model;
}

/// The last word after the others: of the longest n-gram that is there, after backing off to it.
double plain_score(const PlainModel& model, Words words) {
  double backoff = 0;
  while (true) {
    if (const auto found = model.ngrams.find(words); found != model.ngrams.end())
      return backoff + found->second.log10;
    if (words.size() == 1)
      return words[0] == "<unk>" ? backoff + static_cast<double>(NgramModel::kUnlistedUnknown)
                                 : plain_score(model, {"<unk>"}) + backoff;
    if (const auto context = model.ngrams.find({words.begin(), words.end() - 1});
        context != model.ngrams.end())
      backoff += context->second.backoff;
    words.erase(words.begin());
  }
}

double plain_sentence(const PlainModel& model, const Words& words) {
  Words history{"<s>"};
  double total = 0;
  for (std::size_t i = 0; i <= words.size(); ++i) {
    history.push_back(i < words.size() ? words[i] : "</s>");
    const auto longest = static_cast<std::ptrdiff_t>(std::min(history.size(), model.order));
    total += plain_score(model, {history.end() - longest, history.end()});
  }
  return total;
}

void check_scores(const NgramModel& model, std::string_view text) {
  const PlainModel plain = plain_model(text);
  if (!plain.moderate)
    return;
  for (const auto& [words, weights] : plain.ngrams) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    const double expected = plain_sentence(plain, words);
    expect(std::abs(model.sentence(views) - expected) < 1e-5 * (1 + std::abs(expected)) + 1e-2,
           "sentences score as their lines say");
  }
}

void read_arpa(std::string_view bytes) {
  static const MemoryFile file;
  file.hold(bytes);
  const auto read =
      read_or_refuse({ErrorKind::kData}, [&] { return NgramModel::read(file.path()); });
  if (bytes.starts_with("\x1f\x8b"))
    return;
  const auto parsed = read_or_refuse({ErrorKind::kData},
                                     [&] { return NgramModel::parse(std::string(bytes), "fuzz"); });
  expect(read.has_value() == parsed.has_value(), "a file is as good as its text");
  if (!parsed)
    return;
  expect(read->ngrams() == parsed->ngrams(), "a file holds what its text holds");
  check_scores(*parsed, bytes);
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::read_arpa({reinterpret_cast<const char*>(data), size});
  return 0;
}
