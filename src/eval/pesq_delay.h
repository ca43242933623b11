#pragma once

#include <span>
#include <vector>

#include "lipsound2/core/tensor.h"

#include "pesq_activity.h"

namespace lipsound2::eval::p862 {

/// Circular cross-correlation of the rows, by transforms of `size` points: element k tells how well
/// `degraded` matches when it is k samples late. [rows, size], or [size] of single rows.
Tensor correlations(const Tensor& reference, const Tensor& degraded, std::int64_t size);

/// A piece of the reference, in activity frames.
struct FrameRange {
  Index begin = 0;
  Index end = 0;  ///< one after the last frame
};

/// How much later than the reference the degraded sound is, in samples, and how surely: the share
/// of the delay histogram under its peak, 0 to 1.
struct Delay {
  Index samples = 0;
  double confidence = 0;
};

/// A piece and the delay around which its own one is looked for, in samples.
struct CrudeSearch {
  FrameRange range;
  Index expected = 0;
};

/// The same piece of both envelopes.
struct EnvelopePair {
  std::span<const double> reference;
  std::span<const double> degraded;

  /// At how many lags the two overlap.
  Index lags() const { return std::ssize(reference) + std::ssize(degraded) - 1; }

  /// Their correlation at lag i, counted from the most negative one.
  double correlation(Index i) const;
};

/// Where alignment frames begin: at `first`, `first + hop` ... samples of the reference.
struct AlignmentFrames {
  Index first = 0;
  Index hop = 0;
  Index count = 0;
};

/// Where one alignment frame's cross-correlation is near its peak, and how much that counts.
struct DelayVote {
  std::vector<Index> bins;  ///< lags from the expected delay on, modulo the window
  double weight = 0;
};

/// Collects votes for the delay of a piece.
class DelayHistogram {
 public:
  DelayHistogram(Index expected, Index window)
      : expected_(expected), bins_(static_cast<std::size_t>(window)) {}

  void add(const DelayVote& vote);

  /// The peak of the histogram after smoothing with a triangle.
  Delay peak() const;

 private:
  Index expected_;
  std::vector<double> bins_;
};

/// What is known of one sound to the aligner.
struct AlignedSound {
  Samples band;  ///< of alignment_band()
  Index length = 0;
  Activity activity;
};

/// Finds delays between two sounds (P.862, clause 10.2; Rix et al. 2002, sections 2.2 and 2.3).
class DelayFinder {
 public:
  DelayFinder(AlignedSound reference, AlignedSound degraded, const Layout& layout);

  const AlignedSound& reference() const { return reference_; }
  const AlignedSound& degraded() const { return degraded_; }
  const Layout& layout() const { return layout_; }

  /// Of the whole sounds, to one activity frame, from the envelopes of speech.
  Index crude() const;

  /// Of pieces, to one activity frame.
  std::vector<Index> crude(const std::vector<CrudeSearch>& searches) const;

  /// Of one piece, to one sample, around `expected`.
  Delay fine(const FrameRange& range, Index expected) const;

  /// The votes of alignment frames under a window of [align_window] numbers, up to where a frame
  /// leaves one of the sounds.
  std::vector<DelayVote> votes(AlignmentFrames frames, Index expected, const Tensor& window) const;

  /// The window of alignment frames when a piece is split: that of other frames, but the
  /// correlations of long envelopes, searched for crude delays before, replace its beginning, as in
  /// the known program (docs/metrics.md). [align_window]
  Tensor splitting_window(std::span<const CrudeSearch> searches) const;

 private:
  EnvelopePair envelopes_of(const CrudeSearch& piece) const;

  AlignedSound reference_;
  AlignedSound degraded_;
  Layout layout_;
  Tensor window_;
};

}  // namespace lipsound2::eval::p862
