#pragma once

#include "lipsound2/corpora/corpus_reader.h"

namespace lipsound2::corpora {

/// A folder of one's own videos, of any container and rate, in the order of speakers and names. A
/// video in a folder FOLDER/... below the root is of speaker FOLDER; those at the root are all of
/// one speaker, named after the root. A clip is called after its path without the ending, blanks
/// replaced by underscores, such as anna/day_1/talk; where that is taken, "~2" and so on follow.
/// The text is that of a file of the same name that ends in .txt, if there is one.
///
/// A video longer than CorpusOptions::longest seconds is cut at pauses (see cut_at_pauses()) into
/// clips anna/talk/0001, anna/talk/0002 and so on. For that its sound is decoded once, with the
/// progress shown. Lines "start end words" in its text file, in seconds from the first picture, are
/// shared out to the clips by their middles; a text without times cannot be, which a note tells.
class PlainFolderReader : public CorpusReader {
 public:
  /// Throws kData when the root is no folder.
  explicit PlainFolderReader(CorpusOptions options);

  std::vector<std::string> find(const std::function<void(SourceClip)>& take) const override;

 private:
  CorpusOptions options_;
};

}  // namespace lipsound2::corpora
