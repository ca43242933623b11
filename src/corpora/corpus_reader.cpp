#include "lipsound2/corpora/corpus_reader.h"

#include <fmt/ranges.h>

#include "lipsound2/core/error.h"

#include "cmlr.h"
#include "grid.h"
#include "plain_folder.h"
#include "tcd_timit.h"
#include "voxceleb2.h"

namespace lipsound2::corpora {

std::vector<std::string> CorpusReader::split_names() const {
  std::vector<std::string> names;
  for (const PublishedSplit& split : published_splits())
    names.push_back(split.name);
  return names;
}

Splits CorpusReader::splits(const std::string& name) const {
  for (const PublishedSplit& split : published_splits())
    if (split.name == name)
      return split.make();
  const std::vector<std::string> names = split_names();
  fail(ErrorKind::kUsage,
       "--splits: expected a folder of lists{}{}, found {}",
       names.empty() ? "" : " or one of ",
       fmt::join(names, ", "),
       name);
}

std::optional<SplitCounts> CorpusReader::published_counts(const std::string& name) const {
  for (const PublishedSplit& split : published_splits())
    if (split.name == name)
      return split.counts;
  return std::nullopt;
}

const std::vector<std::string>& corpus_names() {
  static const std::vector<std::string> names{
      "grid", "voxceleb2", "tcd-timit", "tcd-timit-30deg", "cmlr", "folder"};
  return names;
}

std::unique_ptr<CorpusReader> open_corpus(const std::string& name, CorpusOptions options) {
  if (name == "grid")
    return std::make_unique<GridReader>(std::move(options));
  if (name == "voxceleb2")
    return std::make_unique<VoxCeleb2Reader>(std::move(options));
  if (name == "tcd-timit")
    return std::make_unique<TcdTimitReader>(std::move(options), TcdTimitReader::Camera::kStraight);
  if (name == "tcd-timit-30deg")
    return std::make_unique<TcdTimitReader>(std::move(options),
                                            TcdTimitReader::Camera::kThirtyDegrees);
  if (name == "cmlr")
    return std::make_unique<CmlrReader>(std::move(options));
  if (name == "folder")
    return std::make_unique<PlainFolderReader>(std::move(options));
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
