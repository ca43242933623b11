#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lipsound2/video/image.h"

namespace lipsound2::video {

/// Finds faces in one picture. An implementation may keep state: one detector per thread.
class FaceDetector {
 public:
  virtual ~FaceDetector() = default;

  /// Squares from the brows to the chin, centered below the nose, in pixels of the picture.
  virtual std::vector<Box> detect(const Image& picture) = 0;
  /// Channels that detect() wants: 1 (gray) or 3 (RGB).
  virtual int channels() const = 0;
};

/// Viola and Jones (2001), from a cascade file of OpenCV's.
std::unique_ptr<FaceDetector> make_cascade_detector(const std::filesystem::path& cascade);

/// YuNet (Wu et al. 2023), from an ONNX file of OpenCV's model zoo that fits this OpenCV.
std::unique_ptr<FaceDetector> make_yunet_detector(const std::filesystem::path& model);

/// Empty: the frontal cascade that comes with OpenCV (Debian: opencv-data); a path ending in .xml:
/// that cascade; any other path: that YuNet model. Throws kIo when it is not there or cannot be
/// loaded.
std::unique_ptr<FaceDetector> make_face_detector(const std::string& model);

}  // namespace lipsound2::video
