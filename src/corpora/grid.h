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

/// The GRID corpus in the order of talkers and names. Understood are
/// sN/<id>.mpg and sN/video/mpg_6000/<id>.mpg (the first wins where both exist); alignments lie as
/// alignments/sN/<id>.align or sN/align/<id>.align. What macOS leaves behind (__MACOSX, ._ files)
/// is passed over. The text is that of the file name; a missing alignment is nothing to speak of,
/// one that disagrees or cannot be read becomes a note; a name outside the grammar becomes a fault.
///
/// Splits: "four", the talkers s1, s2, s4 and s29 with 90, 5 and 5 percent of the clips by the hash
/// of the id; "unseen", 16 talkers for training, 7 for validation and 10 for testing (Vougioukas et
/// al. 2019 and later lip-to-speech papers); "unseen-lipnet", which tests on s1, s2, s20 and s22
/// (Assael et al. 2016) and sets one in twenty clips of the others aside for validation.
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
