#include "media_input.h"

#include <string>

#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

// Containers that are tried. Text, playlists and pictures are not among them: FFmpeg would open
// those too, and a playlist can name other files.
constexpr const char* kContainers =
    "mpeg,mpegvideo,mpegts,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,ogg,asf,nut,mxf,dv,m4v,"
    "h264,hevc,ivf,wav,mp3,flac,aac";

std::string found_in(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error)
    return error.message();
  return bytes == 0 ? "an empty file"
                    : fmt::format("{} bytes that are none, or a damaged one", bytes);
}

}  // namespace

InputPtr open_input(const std::filesystem::path& file) {
  silence_ffmpeg();
  std::error_code error;
  require(std::filesystem::is_regular_file(file, error),
          ErrorKind::kIo,
          "{}: expected a video file, found none",
          file.string());
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kContainers, 0);
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  AVFormatContext* context = nullptr;
  const std::string url = "file:" + file.string();
  const int code = avformat_open_input(&context, url.c_str(), nullptr, &options);
  av_dict_free(&options);
  InputPtr input(context);
  require(code != AVERROR(EACCES),
          ErrorKind::kIo,
          "{}: cannot open: {}",
          file.string(),
          describe(code));
  require(code >= 0 && avformat_find_stream_info(context, nullptr) >= 0,
          ErrorKind::kData,
          "{}: expected a video (MPEG, MP4, Matroska, AVI...), found {}",
          file.string(),
          found_in(file));
  return input;
}

}  // namespace lipsound2::video
