#pragma once

#include <vector>

#include "lipsound2/video/image.h"

namespace lipsound2::video {

/// The faces that were seen when one picture was looked at.
struct Look {
  double seconds = 0;  ///< from the first picture
  std::vector<Box> faces;
};

/// One face over time: boxes[i] was seen at seconds[i].
struct FaceTrack {
  std::vector<double> seconds;
  std::vector<Box> boxes;
  double covered = 0;  ///< seconds from each of its looks to the next look, in all
};

/// Joins the faces of successive looks that overlap by at least 0.3 (intersection over union).
std::vector<FaceTrack> join_looks(const std::vector<Look>& looks);

/// Tracks that cover at least half of the time in which any face was seen and a quarter of all
/// time, the largest (by median side) first. Time counts, not looks, because looks follow each
/// other faster where no face is seen.
std::vector<FaceTrack> steady_tracks(const std::vector<Look>& looks);

/// Share of the time in which faces were seen, but not that of the track: above zero where the
/// picture changes to somebody else.
double share_without(const FaceTrack& track, const std::vector<Look>& looks);

/// Center, size and score, each the median over the boxes.
Box median_box(const std::vector<Box>& boxes);

/// Where a face is at any time: one steady box in a clip of up to ten seconds; in a longer one a
/// box that follows the face slowly (Gaussian average over the track, sigma one second).
class FacePath {
 public:
  FacePath(FaceTrack track, double clip_seconds);

  Box at(double seconds) const;
  Box median() const { return median_; }

 private:
  FaceTrack track_;
  Box median_;
  bool follows_;
};

}  // namespace lipsound2::video
