#include "ffmpeg.h"

#include <new>

#include "lipsound2/core/error.h"

namespace lipsound2::video {

FramePtr make_frame() {
  FramePtr frame(av_frame_alloc());
  if (!frame)
    throw std::bad_alloc();
  return frame;
}

PacketPtr make_packet() {
  PacketPtr packet(av_packet_alloc());
  if (!packet)
    throw std::bad_alloc();
  return packet;
}

std::string describe(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

int check_write(int code, const std::filesystem::path& file, const char* what) {
  require(code >= 0, ErrorKind::kIo, "{}: cannot {}: {}", file.string(), what, describe(code));
  return code;
}

void silence_ffmpeg() {
  [[maybe_unused]] static const bool silenced = [] {
    av_log_set_level(AV_LOG_QUIET);
    return true;
  }();
}

}  // namespace lipsound2::video
