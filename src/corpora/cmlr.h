#pragma once

#include "lipsound2/corpora/corpus_reader.h"

namespace lipsound2::corpora {

/// CMLR (Zhao et al. 2019) in the order of speakers, dates and sections: three trees
/// video/sN/<date>/<stem>.mp4 (silent), audio/sN/<date>/<stem>.wav and text/sN/<date>/<stem>.txt,
/// whose stems hold dots, such as section_1_000.80_002.91; or the distributor's zip archives of
/// them, video/sN.zip, audio/sN.zip and text.zip, read in place. A clip is called sN/<date>/<stem>.
/// Its text is the first line, in UTF-8, of its text file; the lines of words and times below it
/// are passed over. A clip without sound or without video becomes a fault, one without text a note.
///
/// Splits, all from the train.csv, val.csv and test.csv at the root, whose lines are such as
/// s5/20151009_section_3_030.36_032.65: "official", the default where there are lists; and
/// "unseen", which tests on all clips of s2 and s6 and joins the official test clips of the others
/// to the training.
class CmlrReader : public CorpusReader {
 public:
  /// Throws kData when the root is no folder.
  explicit CmlrReader(CorpusOptions options);

  std::vector<std::string> find(const std::function<void(SourceClip)>& take) const override;
  std::string default_split() const override;

 private:
  std::vector<PublishedSplit> published_splits() const override;

  CorpusOptions options_;
};

}  // namespace lipsound2::corpora
