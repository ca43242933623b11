#include "lipsound2/corpora/corpus_reader.h"

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

#include "grid.h"

namespace lipsound2::corpora {

const std::vector<std::string>& corpus_names() {
  static const std::vector<std::string> names{"grid"};
  return names;
}

std::unique_ptr<CorpusReader> open_corpus(const std::string& name, CorpusOptions options) {
  if (name == "grid")
    return std::make_unique<GridReader>(std::move(options));
  fail(ErrorKind::kUsage,
       "--corpus: expected one of: {}; found {}",
       fmt::join(corpus_names(), ", "),
       name);
}

std::vector<SourceClip> find_clips(const CorpusReader& corpus) {
  std::vector<SourceClip> clips;
  corpus.find([&](SourceClip clip) { clips.push_back(std::move(clip)); });
  return clips;
}

}  // namespace lipsound2::corpora
