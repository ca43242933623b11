#include <opencv2/objdetect.hpp>

#include "lipsound2/core/error.h"

#include "face_detector.h"

namespace lipsound2::video {
namespace {

constexpr double kScaleStep = 1.1;
constexpr int kNeighbors = 5;
constexpr double kSmallestShare = 0.15;  // of the picture's height
// The cascade's square ends at the lower lip; the chin is below.
constexpr float kDownShift = 0.08F;

class CascadeDetector final : public FaceDetector {
 public:
  explicit CascadeDetector(const std::filesystem::path& file) {
    bool loaded = false;
    try {
      loaded = cascade_.load(file.string());
    } catch (const cv::Exception&) {
      loaded = false;
    }
    require(loaded, ErrorKind::kIo, "{}: expected an OpenCV cascade, found none", file.string());
  }

  std::vector<Box> detect(const Image& picture) override {
    const cv::Mat gray(
        picture.height, picture.width, CV_8UC1, const_cast<std::uint8_t*>(picture.pixels.data()));
    const int smallest = static_cast<int>(kSmallestShare * picture.height);
    std::vector<cv::Rect> found;
    cascade_.detectMultiScale(
        gray, found, kScaleStep, kNeighbors, /*flags=*/0, cv::Size(smallest, smallest));
    std::vector<Box> boxes;
    for (const cv::Rect& r : found) {
      const auto side = static_cast<float>(r.width);
      boxes.push_back({static_cast<float>(r.x),
                       static_cast<float>(r.y) + kDownShift * side,
                       side,
                       side,
                       /*score=*/1});
    }
    return boxes;
  }

  int channels() const override { return 1; }

 private:
  cv::CascadeClassifier cascade_;
};

}  // namespace

std::unique_ptr<FaceDetector> make_cascade_detector(const std::filesystem::path& cascade) {
  return std::make_unique<CascadeDetector>(cascade);
}

}  // namespace lipsound2::video
