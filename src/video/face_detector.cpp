#include "face_detector.h"

#include <cstdlib>
#include <sstream>

#include <opencv2/core/utility.hpp>

#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

constexpr const char* kCascade = "opencv4/haarcascades/haarcascade_frontalface_alt2.xml";

std::filesystem::path find_cascade() {
  const char* set = std::getenv("XDG_DATA_DIRS");
  std::istringstream folders(std::string(set ? set : "") + ":/usr/local/share:/usr/share");
  std::string folder;
  while (std::getline(folders, folder, ':')) {
    const std::filesystem::path file = std::filesystem::path(folder) / kCascade;
    std::error_code error;
    if (!folder.empty() && std::filesystem::is_regular_file(file, error))
      return file;
  }
  fail(ErrorKind::kIo,
       "/usr/share/{}: expected OpenCV's face cascade, found none (Debian: apt install "
       "opencv-data), neither in the folders of XDG_DATA_DIRS",
       kCascade);
}

}  // namespace

std::unique_ptr<FaceDetector> make_face_detector(const std::string& model) {
  cv::setNumThreads(1);  // callers read several clips at once
  const std::filesystem::path path = model.empty() ? find_cascade() : std::filesystem::path(model);
  std::error_code error;
  require(std::filesystem::is_regular_file(path, error),
          ErrorKind::kIo,
          "{}: expected a face detection model, found no file",
          path.string());
  return path.extension() == ".xml" ? make_cascade_detector(path) : make_yunet_detector(path);
}

}  // namespace lipsound2::video
