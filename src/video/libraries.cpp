#include "lipsound2/video/libraries.h"

#include <fmt/format.h>
#include <opencv2/core/version.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
}

namespace lipsound2::video {

std::string describe_libraries() {
  std::string text =
      fmt::format("OpenCV          {}\nFFmpeg          {}\n", CV_VERSION, av_version_info());
  text += "decoders       ";
  for (const char* name : {"mpeg1video", "h264", "hevc", "vp9", "mp2", "aac"})
    text += fmt::format(" {}{}", avcodec_find_decoder_by_name(name) ? "" : "no ", name);
  text += "\nencoders       ";
  for (const char* name : {"mpeg1video", "mp2", "aac"})
    text += fmt::format(" {}{}", avcodec_find_encoder_by_name(name) ? "" : "no ", name);
  return text + "\n";
}

}  // namespace lipsound2::video
