#pragma once

#include "lipsound2/corpora/corpus_reader.h"

namespace lipsound2::corpora {

/// VoxCeleb2 (Chung et al. 2018): dev|test/mp4/idNNNNN/<video>/NNNNN.mp4 below the root, which may
/// also be dev/ or test/ itself, and the archives of the distributor, read in place:
/// vox2_test_mp4.zip and the parts vox2_dev_mp4_partaa, ...ab and so on of one. A clip is called
/// idNNNNN/<video>/NNNNN; there is no text. vox2_meta.csv, where it lies beside them, tells the sex
/// of the speakers, and which set they are in where no folder does.
///
/// The distributor's dev set is for training, but for one speaker in a hundred (by a stable hash of
/// the name), who is for validation; his test set is for testing. No speaker is in two splits.
class VoxCeleb2Reader : public CorpusReader {
 public:
  /// Throws kData when the root is no folder.
  explicit VoxCeleb2Reader(CorpusOptions options);

  std::vector<std::string> find(const std::function<void(SourceClip)>& take) const override;

 private:
  CorpusOptions options_;
};

}  // namespace lipsound2::corpora
