#include "lipsound2/video/movie_writer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "lipsound2/audio/resample.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "ffmpeg.h"

namespace lipsound2::video {
namespace {

constexpr int kSoundRate = 44100;
constexpr int kSoundBitsPerSecond = 224'000;
constexpr int kPackBytes = 2048;
constexpr int kPicturesPerGroup = 12;

// One stream of the movie: its encoder, and its packets until the movie is put together.
class EncodedStream {
 public:
  EncodedStream(AVCodecID id, const std::filesystem::path& file) : file_(file) {
    const AVCodec* codec = avcodec_find_encoder(id);
    require(codec != nullptr,
            ErrorKind::kIo,
            "{}: this FFmpeg has no {} encoder",
            file.string(),
            avcodec_get_name(id));
    context.reset(avcodec_alloc_context3(codec));
    context->thread_count = 1;
  }

  void open() {
    check_write(avcodec_open2(context.get(), nullptr, nullptr), file_, "start an encoder");
  }

  /// A null frame ends the stream.
  void encode(const AVFrame* frame) {
    check_write(avcodec_send_frame(context.get(), frame), file_, "encode");
    while (true) {
      PacketPtr packet = make_packet();
      const int code = avcodec_receive_packet(context.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
        return;
      check_write(code, file_, "encode");
      if (context->codec_type == AVMEDIA_TYPE_VIDEO)
        packet->duration = 1;
      packets.push_back(std::move(packet));
    }
  }

  CodecPtr context;
  std::vector<PacketPtr> packets;

 private:
  std::filesystem::path file_;
};

const char* container_of(const std::filesystem::path& file) {
  return file.extension() == ".mp4" ? "mp4" : "mpeg";
}

// A container that is written into memory.
class MemoryMuxer {
 public:
  explicit MemoryMuxer(const std::filesystem::path& file) : file_(file) {
    AVFormatContext* context = nullptr;
    check_write(avformat_alloc_output_context2(&context, nullptr, container_of(file), nullptr),
                file,
                "mux");
    context_.reset(context);
    check_write(avio_open_dyn_buf(&context_->pb), file, "mux");
    context_->packet_size = kPackBytes;
    context_->max_delay = AV_TIME_BASE * 7 / 10;
  }

  ~MemoryMuxer() {
    if (context_->pb)
      take();
  }

  void add(EncodedStream& stream) {
    AVStream* out = avformat_new_stream(context_.get(), nullptr);
    check_write(out ? 0 : AVERROR(ENOMEM), file_, "mux");
    avcodec_parameters_from_context(out->codecpar, stream.context.get());
    out->time_base = stream.context->time_base;
    streams_.push_back(&stream);
  }

  std::string write() {
    check_write(avformat_write_header(context_.get(), nullptr), file_, "mux");
    for (const auto& [index, packet] : in_order())
      write(index, packet);
    check_write(av_write_trailer(context_.get()), file_, "mux");
    return take();
  }

 private:
  std::vector<std::pair<int, AVPacket*>> in_order() const {
    std::vector<std::pair<int, AVPacket*>> all;
    for (std::size_t i = 0; i < streams_.size(); ++i)
      for (const PacketPtr& packet : streams_[i]->packets)
        all.emplace_back(static_cast<int>(i), packet.get());
    std::ranges::stable_sort(all, [this](const auto& a, const auto& b) {
      return av_compare_ts(a.second->dts,
                           streams_[a.first]->context->time_base,
                           b.second->dts,
                           streams_[b.first]->context->time_base) < 0;
    });
    return all;
  }

  void write(int index, AVPacket* packet) {
    packet->stream_index = index;
    av_packet_rescale_ts(
        packet, streams_[index]->context->time_base, context_->streams[index]->time_base);
    check_write(av_interleaved_write_frame(context_.get(), packet), file_, "mux");
  }

  std::string take() {
    std::uint8_t* bytes = nullptr;
    const int size = avio_close_dyn_buf(std::exchange(context_->pb, nullptr), &bytes);
    std::string result(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    av_free(bytes);
    return result;
  }

  std::filesystem::path file_;
  OutputPtr context_;
  std::vector<EncodedStream*> streams_;
};

EncodedStream encode_sound(const audio::Waveform& sound, const std::filesystem::path& file) {
  EncodedStream stream(AV_CODEC_ID_MP2, file);
  AVCodecContext& codec = *stream.context;
  codec.sample_rate = kSoundRate;
  codec.sample_fmt = AV_SAMPLE_FMT_S16;
  codec.bit_rate = kSoundBitsPerSecond;
  codec.time_base = {1, kSoundRate};
  av_channel_layout_default(&codec.ch_layout, 2);
  stream.open();

  const audio::Waveform resampled = audio::resample(sound, kSoundRate);
  const auto& samples = resampled.samples;
  const auto frame_samples = static_cast<std::size_t>(codec.frame_size);
  for (std::size_t start = 0; start < samples.size(); start += frame_samples) {
    const FramePtr frame = make_frame();
    frame->format = codec.sample_fmt;
    frame->nb_samples = codec.frame_size;
    frame->sample_rate = kSoundRate;
    frame->pts = static_cast<std::int64_t>(start);
    av_channel_layout_copy(&frame->ch_layout, &codec.ch_layout);
    check_write(av_frame_get_buffer(frame.get(), 0), file, "encode");
    auto* out = reinterpret_cast<std::int16_t*>(frame->data[0]);
    for (std::size_t i = 0; i < frame_samples; ++i) {
      const float value = start + i < samples.size() ? samples[start + i] : 0.0F;
      const auto rounded =
          static_cast<std::int16_t>(std::lrint(std::clamp(value, -1.0F, 1.0F) * 32767));
      out[2 * i] = out[2 * i + 1] = rounded;
    }
    stream.encode(frame.get());
  }
  stream.encode(nullptr);
  return stream;
}

// With padded rows, as swscale wants them.
FramePtr new_frame(AVPixelFormat pixels,
                   const MovieWriter::Format& format,
                   const std::filesystem::path& file) {
  FramePtr frame = make_frame();
  frame->format = pixels;
  frame->width = format.width;
  frame->height = format.height;
  check_write(av_frame_get_buffer(frame.get(), 0), file, "encode");
  return frame;
}

}  // namespace

struct MovieWriter::State {
  State(const std::filesystem::path& path, const Format& wanted)
      : file(path),
        format(wanted),
        pictures(AV_CODEC_ID_MPEG1VIDEO, path),
        scaler(sws_getContext(wanted.width,
                              wanted.height,
                              AV_PIX_FMT_RGB24,
                              wanted.width,
                              wanted.height,
                              AV_PIX_FMT_YUV420P,
                              SWS_BICUBIC | SWS_ACCURATE_RND,
                              nullptr,
                              nullptr,
                              nullptr)) {
    AVCodecContext& codec = *pictures.context;
    codec.width = format.width;
    codec.height = format.height;
    codec.time_base = {format.seconds, format.fps};
    codec.framerate = {format.fps, format.seconds};
    codec.pix_fmt = AV_PIX_FMT_YUV420P;
    codec.bit_rate = format.video_bits_per_second;
    codec.gop_size = kPicturesPerGroup;
    pictures.open();
  }

  std::filesystem::path file;
  Format format;
  EncodedStream pictures;
  ScalerPtr scaler;
  std::int64_t written = 0;
};

MovieWriter::MovieWriter(const std::filesystem::path& file, const Format& format) {
  silence_ffmpeg();
  state_ = std::make_unique<State>(file, format);
}

MovieWriter::~MovieWriter() = default;

void MovieWriter::write(const Image& picture) {
  const Format& format = state_->format;
  if (picture.width != format.width || picture.height != format.height || picture.channels != 3)
    throw std::invalid_argument("a movie takes RGB pictures of its own size");
  const FramePtr rgb = new_frame(AV_PIX_FMT_RGB24, format, state_->file);
  const std::size_t row = std::size_t{3} * format.width;
  for (int y = 0; y < format.height; ++y)
    std::copy_n(&picture.pixels[y * row], row, rgb->data[0] + std::ptrdiff_t{y} * rgb->linesize[0]);
  const FramePtr frame = new_frame(AV_PIX_FMT_YUV420P, format, state_->file);
  frame->pts = state_->written++;
  sws_scale(state_->scaler.get(),
            rgb->data,
            rgb->linesize,
            0,
            format.height,
            frame->data,
            frame->linesize);
  state_->pictures.encode(frame.get());
}

void MovieWriter::finish(const audio::Waveform& sound) {
  State& state = *state_;
  state.pictures.encode(nullptr);
  MemoryMuxer muxer(state.file);
  muxer.add(state.pictures);
  std::optional<EncodedStream> encoded;
  if (!sound.samples.empty())
    muxer.add(encoded.emplace(encode_sound(sound, state.file)));
  write_file(state.file, muxer.write());
}

}  // namespace lipsound2::video
