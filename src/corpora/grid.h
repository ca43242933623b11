#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lipsound2/corpora/corpus_reader.h"

namespace lipsound2::corpora {

/// The sentence that a GRID file name of six letters stands for (Cooke et al. 2006, table 1):
/// "bbaf2n" is "bin blue at f two now". Nothing for a name outside the grammar. The corpus itself
/// never speaks the letter w; the name is understood all the same.
std::optional<std::string> grid_sentence(std::string_view name);

/// The GRID corpus in the order of talkers and names. Understood are sN/<id>.mpg and
/// sN/video/mpg_6000/<id>.mpg (the first wins where both exist) with alignments/sN/<id>.align or
/// sN/align/<id>.align, and zip archives of them at the root, read in place: sN.zip and
/// alignments.zip as Zenodo has them. What macOS leaves behind (__MACOSX, ._ files) is passed over.
///
/// The text is that of the file name; a name outside the grammar becomes a fault. Where a talker
/// has alignments, one that disagrees or cannot be read becomes a note of its clip, and a remark
/// counts how many disagree or are missing: Zenodo's of s11, s12 and s15 belong to other clips.
/// Talker 21 has no video; a remark says so where he has alignments.
///
/// Splits: "four", the talkers s1, s2, s4 and s29 with 90, 5 and 5 percent of the clips;
/// "overlapped", 255 clips of each talker for testing (Assael et al. 2016); "unseen", 16 talkers
/// for training, 7 for validation and 10 for testing (Vougioukas et al. 2019 and later
/// lip-to-speech papers); "unseen-lipnet", which tests on s1, s2, s20 and s22 (Assael et al. 2016).
/// The lists of the first two and, for the others, the clips that exist are in configs/splits/grid.
/// "overlapped" and "unseen-lipnet" set one in twenty of the other clips aside for validation.
class GridReader : public CorpusReader {
 public:
  /// Throws kData when the root is no folder.
  explicit GridReader(CorpusOptions options);

  std::vector<std::string> find(const std::function<void(SourceClip)>& take) const override;

 private:
  std::vector<PublishedSplit> published_splits() const override;

  CorpusOptions options_;
};

}  // namespace lipsound2::corpora
