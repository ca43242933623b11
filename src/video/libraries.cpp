#include "lipsound2/video/libraries.h"

#include <fmt/format.h>
#include <opencv2/core/version.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

namespace lipsound2::video {

std::vector<LibraryFact> describe_libraries() {
  std::string decoders, encoders;
  for (const char* name : {"mpeg1video", "h264", "hevc", "vp9", "mp2", "aac"})
    decoders += fmt::format("{}{} ", avcodec_find_decoder_by_name(name) ? "" : "no ", name);
  for (const char* name : {"mpeg1video", "mp2", "aac"})
    encoders += fmt::format("{}{} ", avcodec_find_encoder_by_name(name) ? "" : "no ", name);
  return {{"OpenCV", CV_VERSION},
          {"FFmpeg", av_version_info()},
          {"decoders", decoders},
          {"encoders", encoders}};
}

}  // namespace lipsound2::video
