#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lipsound2/corpora/source_clip.h"
#include "lipsound2/corpora/splits.h"

namespace lipsound2::corpora {

/// Where a corpus lies and what is wanted of it.
struct CorpusOptions {
  std::filesystem::path root;         ///< as distributed
  std::vector<std::string> speakers;  ///< only these; empty: all
  double longest = 12;  ///< seconds; longer videos of a plain folder are cut at pauses
};

struct PublishedSplit {
  std::string name;
  std::function<Splits()> make;
  std::optional<SplitCounts> counts = std::nullopt;  ///< nothing where none are published
};

/// A corpus in the layout of its distributor. Use it from one thread.
class CorpusReader {
 public:
  virtual ~CorpusReader() = default;

  /// Hands over the clips one by one, always in the same order, sorted by speaker; no video is
  /// opened. Returns what is worth telling people about the corpus as a whole, a line each. Throws
  /// kData when the root is missing, holds no clips or lacks one of the speakers, kIo when a folder
  /// cannot be read.
  virtual std::vector<std::string> find(const std::function<void(SourceClip)>& take) const = 0;

  /// The published split that is taken when none is asked for; empty: what Splits() says.
  virtual std::string default_split() const { return ""; }
  /// The published splits that `--splits NAME` understands; may be empty.
  std::vector<std::string> split_names() const;
  /// One of them. Throws kUsage for another name, kData when its lists are missing or damaged.
  Splits splits(const std::string& name) const;
  /// Its published counts; nothing where there are none, or no such split.
  std::optional<SplitCounts> published_counts(const std::string& name) const;

 private:
  virtual std::vector<PublishedSplit> published_splits() const { return {}; }
};

/// What `--corpus` understands, in the order of the help.
const std::vector<std::string>& corpus_names();

/// Throws kUsage, naming those that exist, for a name that is none; kData when the root does not
/// look like that corpus.
std::unique_ptr<CorpusReader> open_corpus(const std::string& name, CorpusOptions options);

/// All clips at once: for small corpora and tests.
std::vector<SourceClip> find_clips(const CorpusReader& corpus);

}  // namespace lipsound2::corpora
