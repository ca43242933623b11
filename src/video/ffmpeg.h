#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <filesystem>
#include <memory>
#include <string>

/// Owners of FFmpeg's handles. Private to this folder.
namespace lipsound2::video {

struct FfmpegDeleter {
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
  void operator()(SwrContext* p) const { swr_free(&p); }
};

using FramePtr = std::unique_ptr<AVFrame, FfmpegDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, FfmpegDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, FfmpegDeleter>;
using ScalerPtr = std::unique_ptr<SwsContext, FfmpegDeleter>;
using ResamplerPtr = std::unique_ptr<SwrContext, FfmpegDeleter>;

/// What FFmpeg reads instead of a file on disk; null for such a one.
using BytesPtr = std::unique_ptr<AVIOContext, void (*)(AVIOContext*)>;

struct InputDeleter {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  BytesPtr bytes{nullptr, nullptr};  ///< outlives the container
};
/// An opened container that is read.
using InputPtr = std::unique_ptr<AVFormatContext, InputDeleter>;

struct OutputDeleter {
  void operator()(AVFormatContext* p) const { avformat_free_context(p); }
};
/// A container that is written; its `pb` is owned elsewhere.
using OutputPtr = std::unique_ptr<AVFormatContext, OutputDeleter>;

FramePtr make_frame();
PacketPtr make_packet();

/// FFmpeg's text for an error code.
std::string describe(int code);

/// Returns `code` unless it is an error; then throws kIo "{file}: cannot {what}: {reason}".
int check_write(int code, const std::filesystem::path& file, const char* what);

/// Stops FFmpeg from printing to stderr. Cheap to call again, from any thread.
void silence_ffmpeg();

}  // namespace lipsound2::video
