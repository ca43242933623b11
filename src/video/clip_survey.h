#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lipsound2/video/face_clip.h"

#include "face_detector.h"
#include "face_track.h"
#include "frame_converter.h"
#include "media_reader.h"

namespace lipsound2::video {

/// What one pass over a clip tells.
struct ClipSurvey {
  std::vector<Look> looks;
  std::vector<FramePtr> kept;  ///< every picture at the wanted rate, or none if they are too many
  std::int64_t pictures = 0;   ///< at the wanted rate
  double start = 0;            ///< container time of the first picture
  DecodedSound sound;
  MediaFacts facts;
  FaceClipTimes times;
};

/// Decodes the clip once, looking for faces on spaced pictures. Throws kData for a damaged or too
/// short clip, and for one without sound where sound is wanted.
class ClipSurveyor {
 public:
  ClipSurveyor(const FaceClipConfig& config, FaceDetector& detector)
      : config_(config), detector_(detector) {}

  ClipSurvey survey(const Footage& footage, MediaReader::Sound sound);

 private:
  void take(const AVFrame& picture, ClipSurvey& survey);
  std::vector<Box> look(const AVFrame& picture);
  std::vector<Box> look(const AVFrame& picture, int height);

  const FaceClipConfig& config_;
  FaceDetector& detector_;
  FrameConverter converter_;
  double next_look_ = 0;
  std::size_t kept_bytes_ = 0;
  bool keeps_ = true;
};

}  // namespace lipsound2::video
