#include "media_input.h"

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>

#include "lipsound2/core/error.h"

namespace lipsound2::video {
namespace {

// Containers that are tried. Text, playlists and pictures are not among them: FFmpeg would open
// those too, and a playlist can name other files.
constexpr const char* kContainers =
    "mpeg,mpegvideo,mpegts,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,ogg,asf,nut,mxf,dv,m4v,"
    "h264,hevc,ivf,wav,mp3,flac,aac";

constexpr int kBufferBytes = 1 << 15;

std::string found_in(const MediaFile& file) {
  std::error_code error;
  const auto bytes = file.bytes ? file.bytes->size() : std::filesystem::file_size(file.path, error);
  if (error)
    return error.message();
  return bytes == 0 ? "an empty file"
                    : fmt::format("{} bytes that are none, or a damaged one", bytes);
}

/// Bytes as FFmpeg sees a file.
struct ByteStream {
  std::shared_ptr<const std::string> bytes;
  std::size_t position = 0;

  static int read(void* stream, std::uint8_t* to, int count) {
    auto& self = *static_cast<ByteStream*>(stream);
    const std::size_t left = self.bytes->size() - self.position;
    const std::size_t taken = std::min(left, static_cast<std::size_t>(count));
    std::copy_n(self.bytes->data() + self.position, taken, to);
    self.position += taken;
    return taken == 0 ? AVERROR_EOF : static_cast<int>(taken);
  }

  static std::int64_t seek(void* stream, std::int64_t offset, int whence) {
    auto& self = *static_cast<ByteStream*>(stream);
    const auto size = static_cast<std::int64_t>(self.bytes->size());
    if (whence & AVSEEK_SIZE)
      return size;
    const int from = whence & ~AVSEEK_FORCE;
    if (from == SEEK_CUR)
      offset += static_cast<std::int64_t>(self.position);
    else if (from == SEEK_END)
      offset += size;
    if (offset < 0 || offset > size)
      return AVERROR(EINVAL);
    self.position = static_cast<std::size_t>(offset);
    return offset;
  }
};

void close_stream(AVIOContext* io) {
  delete static_cast<ByteStream*>(io->opaque);
  av_freep(&io->buffer);
  avio_context_free(&io);
}

BytesPtr open_bytes(std::shared_ptr<const std::string> bytes) {
  auto stream = std::make_unique<ByteStream>(ByteStream{std::move(bytes)});
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
  AVIOContext* io = buffer ? avio_alloc_context(buffer,
                                                kBufferBytes,
                                                /*write_flag=*/0,
                                                stream.get(),
                                                &ByteStream::read,
                                                /*write_packet=*/nullptr,
                                                &ByteStream::seek)
                           : nullptr;
  if (!io) {
    av_free(buffer);
    throw std::bad_alloc();
  }
  stream.release();
  return {io, &close_stream};
}

}  // namespace

InputPtr open_input(const MediaFile& file) {
  silence_ffmpeg();
  std::error_code error;
  require(file.bytes || std::filesystem::is_regular_file(file.path, error),
          ErrorKind::kIo,
          "{}: expected a video file, found none",
          file.string());
  BytesPtr bytes = file.bytes ? open_bytes(file.bytes) : BytesPtr(nullptr, &close_stream);
  AVFormatContext* context = avformat_alloc_context();
  if (!context)
    throw std::bad_alloc();
  context->pb = bytes.get();
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kContainers, 0);
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  const std::string url = "file:" + file.string();
  const int code = avformat_open_input(&context, url.c_str(), nullptr, &options);
  av_dict_free(&options);
  InputPtr input(context, InputDeleter{std::move(bytes)});
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

audio::SoundReader open_sound(const MediaFile& file) {
  return file.bytes ? audio::SoundReader(*file.bytes, file.string())
                    : audio::SoundReader(file.path);
}

}  // namespace lipsound2::video
