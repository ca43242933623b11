#pragma once

#include "lipsound2/corpora/corpus_reader.h"

namespace lipsound2::corpora {

/// TCD-TIMIT (Harte and Gillen 2015), lipspeakers first, in the order of speakers and sentences.
/// Understood are SPEAKER/Clips/straightcam/*.mp4 (or 30degcam) and, as in NTCD-TIMIT,
/// SPEAKER/straightcam/*.mp4, where SPEAKER is a folder such as 01M or Lipspkr1 at the root or up
/// to two folders below it (volunteers, lipspeakers, Clean/volunteers). Names are matched whatever
/// the case of their letters. A clip is called SPEAKER/sentence, such as 01M/sa1; speaker 30M of
/// the download page is 30F, as in all lists. A second clip of the same name becomes a fault.
///
/// The text is that of the first of these; a note says that a clip has none:
///   1. sa1.txt beside the clip, or in the folder of the straight camera, lines "start end word";
///   2. an MLF file (HTK) at the root or up to two folders below it, if its labels are words. The
///      files that come with the corpus hold phones, which are no text;
///   3. the sentence of that name in a PROMPTS.TXT as TIMIT has it, at the root.
///
/// Splits: "overlapped" and "unseen" as in the label lists of a public benchmark (see
/// configs/splits/tcd-timit), which know 56 of the 59 volunteers, with one in twenty of their
/// training clips set aside for validation; "lipspeakers", whose division nobody has published: 90,
/// 5 and 5 percent by the hash of the sentence, so that no sentence is heard both in training and
/// in the test.
class TcdTimitReader : public CorpusReader {
 public:
  enum class Camera { kStraight, kThirtyDegrees };

  /// Throws kData when the root is no folder.
  TcdTimitReader(CorpusOptions options, Camera camera);

  std::vector<std::string> find(const std::function<void(SourceClip)>& take) const override;

 private:
  std::vector<PublishedSplit> published_splits() const override;

  CorpusOptions options_;
  Camera camera_;
};

}  // namespace lipsound2::corpora
