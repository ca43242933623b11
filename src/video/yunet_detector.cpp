#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include "lipsound2/core/error.h"

#include "face_detector.h"

namespace lipsound2::video {
namespace {

constexpr float kScoreThreshold = 0.7F;
constexpr float kOverlapThreshold = 0.3F;
constexpr int kMostBoxes = 200;
constexpr int kScoreColumn = 14;
// A YuNet box is upright, from the hairline to the chin; a cascade's square is this much of its
// height.
constexpr float kSideOfHeight = 0.85F;

class YunetDetector final : public FaceDetector {
 public:
  explicit YunetDetector(const std::filesystem::path& model) {
    try {
      network_ = cv::FaceDetectorYN::create(
          model.string(), "", cv::Size(320, 320), kScoreThreshold, kOverlapThreshold, kMostBoxes);
    } catch (const cv::Exception& error) {
      fail(ErrorKind::kIo,
           "{}: expected a YuNet model for OpenCV {}, found: {}",
           model.string(),
           CV_VERSION,
           error.err);
    }
  }

  std::vector<Box> detect(const Image& picture) override {
    const cv::Mat rgb(
        picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.pixels.data()));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    network_->setInputSize(bgr.size());
    cv::Mat found;
    network_->detect(bgr, found);
    std::vector<Box> boxes;
    for (int i = 0; i < found.rows; ++i) {
      const float* row = found.ptr<float>(i);
      const float side = kSideOfHeight * row[3];
      const float bottom = row[1] + row[3];
      boxes.push_back({row[0] + (row[2] - side) / 2, bottom - side, side, side, row[kScoreColumn]});
    }
    return boxes;
  }

  int channels() const override { return 3; }

 private:
  cv::Ptr<cv::FaceDetectorYN> network_;
};

}  // namespace

std::unique_ptr<FaceDetector> make_yunet_detector(const std::filesystem::path& model) {
  return std::make_unique<YunetDetector>(model);
}

}  // namespace lipsound2::video
