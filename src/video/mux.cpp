#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/core/error.h"
#include "lipsound2/video/movie_writer.h"

#include "media_input.h"

namespace lipsound2::video {
namespace {

constexpr int kAacBitsPerSecond = 96'000;
constexpr int kAacRates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
constexpr int kUsualAacRate = 48000;

// An MP4 written under a temporary name and renamed once whole.
class Mp4File {
 public:
  explicit Mp4File(const std::filesystem::path& file) : file_(file), temporary_(file) {
    temporary_ += ".part";
    AVFormatContext* context = nullptr;
    check_write(avformat_alloc_output_context2(&context, nullptr, "mp4", nullptr), file, "mux");
    context_.reset(context);
    const std::string url = "file:" + temporary_.string();
    check_write(avio_open(&context->pb, url.c_str(), AVIO_FLAG_WRITE), file, "write");
  }

  ~Mp4File() {
    if (!context_->pb)
      return;
    avio_closep(&context_->pb);
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
  }

  Mp4File(const Mp4File&) = delete;
  Mp4File& operator=(const Mp4File&) = delete;

  AVStream* add_stream() {
    AVStream* stream = avformat_new_stream(context_.get(), nullptr);
    check_write(stream ? 0 : AVERROR(ENOMEM), file_, "mux");
    return stream;
  }

  const AVOutputFormat* format() const { return context_->oformat; }

  void begin() { check_write(avformat_write_header(context_.get(), nullptr), file_, "mux"); }

  /// Takes the packet's content; its times are in units of `base`.
  void write(AVPacket& packet, const AVStream& stream, AVRational base) {
    packet.stream_index = stream.index;
    packet.pos = -1;
    av_packet_rescale_ts(&packet, base, stream.time_base);
    check_write(av_interleaved_write_frame(context_.get(), &packet), file_, "write");
  }

  void commit() {
    check_write(av_write_trailer(context_.get()), file_, "write");
    const int code = avio_closep(&context_->pb);
    std::error_code error;
    if (code >= 0)
      std::filesystem::rename(temporary_, file_, error);
    if (code >= 0 && !error)
      return;
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
    fail(ErrorKind::kIo,
         "{}: cannot write: {}",
         file_.string(),
         error ? error.message() : describe(code));
  }

 private:
  std::filesystem::path file_;
  std::filesystem::path temporary_;
  OutputPtr context_;
};

// The new sound in pieces, at a rate that AAC knows; an unusual rate is brought to one in memory.
class TrackSamples {
 public:
  explicit TrackSamples(const std::filesystem::path& file) : reader_(file) {
    if (!std::ranges::count(kAacRates, reader_.rate()))
      resampled_ = audio::resample(reader_.read_rest(), kUsualAacRate);
  }

  int rate() const { return resampled_.rate > 0 ? resampled_.rate : reader_.rate(); }

  /// Fewer than `count` at the end, none after it.
  std::vector<float> next(int count) {
    if (resampled_.rate == 0)
      return reader_.read(count);
    const auto first = resampled_.samples.begin() + static_cast<std::ptrdiff_t>(taken_);
    taken_ = std::min(taken_ + static_cast<std::size_t>(count), resampled_.samples.size());
    return {first, resampled_.samples.begin() + static_cast<std::ptrdiff_t>(taken_)};
  }

 private:
  audio::SoundReader reader_;
  audio::Waveform resampled_;  ///< rate 0 if there is no need for it
  std::size_t taken_ = 0;
};

// The new sound track, encoded piece by piece so that it keeps pace with the pictures.
class SoundTrack {
 public:
  SoundTrack(const std::filesystem::path& sound, Mp4File& out, const std::filesystem::path& file)
      : sound_(sound), out_(out), file_(file), stream_(out.add_stream()) {
    const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    check_write(codec ? 0 : AVERROR_ENCODER_NOT_FOUND, file_, "encode AAC");
    encoder_.reset(avcodec_alloc_context3(codec));
    encoder_->sample_rate = sound_.rate();
    encoder_->sample_fmt = AV_SAMPLE_FMT_FLTP;
    encoder_->bit_rate = kAacBitsPerSecond;
    encoder_->time_base = {1, sound_.rate()};
    encoder_->thread_count = 1;
    encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&encoder_->ch_layout, 1);
    check_write(avcodec_open2(encoder_.get(), codec, nullptr), file_, "encode AAC");
    check_write(avcodec_parameters_from_context(stream_->codecpar, encoder_.get()), file_, "mux");
    stream_->time_base = encoder_->time_base;
  }

  /// Encodes what is heard before this time.
  void advance_to(double seconds) {
    const auto end = static_cast<std::int64_t>(std::ceil(seconds * sound_.rate()));
    while (encoded_ < end && encode_piece()) {
    }
  }

  void finish() {
    while (encode_piece()) {
    }
    encode(nullptr);
  }

 private:
  bool encode_piece() {
    const std::vector<float> piece = sound_.next(encoder_->frame_size);
    if (piece.empty())
      return false;
    const FramePtr frame = make_frame();
    frame->format = encoder_->sample_fmt;
    frame->nb_samples = static_cast<int>(piece.size());
    frame->sample_rate = sound_.rate();
    frame->pts = encoded_;
    av_channel_layout_copy(&frame->ch_layout, &encoder_->ch_layout);
    check_write(av_frame_get_buffer(frame.get(), 0), file_, "encode AAC");
    std::ranges::copy(piece, reinterpret_cast<float*>(frame->data[0]));
    encoded_ += frame->nb_samples;
    encode(frame.get());
    return true;
  }

  void encode(const AVFrame* frame) {
    check_write(avcodec_send_frame(encoder_.get(), frame), file_, "encode AAC");
    const PacketPtr packet = make_packet();
    while (avcodec_receive_packet(encoder_.get(), packet.get()) >= 0)
      out_.write(*packet, *stream_, encoder_->time_base);
  }

  TrackSamples sound_;
  Mp4File& out_;
  std::filesystem::path file_;
  AVStream* stream_;
  CodecPtr encoder_;
  std::int64_t encoded_ = 0;  ///< samples
};

// Copies the packets of one stream, shifted so that the first picture is shown at time 0.
class PictureCopier {
 public:
  PictureCopier(const std::filesystem::path& video, Mp4File& out)
      : file_(video), input_(open_input(video)), out_(out), to_(out.add_stream()) {
    input_->flags |= AVFMT_FLAG_GENPTS;
    const int index = av_find_best_stream(input_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    require(index >= 0,
            ErrorKind::kData,
            "{}: expected a video, found no picture stream",
            file_.string());
    from_ = input_->streams[index];
    const AVCodecID codec = from_->codecpar->codec_id;
    require(avformat_query_codec(out.format(), codec, FF_COMPLIANCE_NORMAL) == 1,
            ErrorKind::kData,
            "{}: expected pictures in a format that MP4 can hold, such as H.264, found {}",
            file_.string(),
            avcodec_get_name(codec));
    check_write(avcodec_parameters_copy(to_->codecpar, from_->codecpar), file_, "mux");
    to_->codecpar->codec_tag = 0;
    to_->time_base = from_->time_base;
  }

  void copy(SoundTrack& sound) {
    const PacketPtr packet = make_packet();
    int code = 0;
    while ((code = av_read_frame(input_.get(), packet.get())) >= 0) {
      if (packet->stream_index == from_->index)
        write(*packet, sound);
      av_packet_unref(packet.get());
    }
    require(code == AVERROR_EOF,
            ErrorKind::kData,
            "{}: damaged: reading stops: {}",
            file_.string(),
            describe(code));
  }

 private:
  void write(AVPacket& packet, SoundTrack& sound) {
    const std::int64_t time = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
    if (first_ == AV_NOPTS_VALUE) {
      first_ = time;
      // MPEG program streams may give their first two pictures the same decoding time.
      if (from_->codecpar->video_delay > 0 && packet.dts == packet.pts)
        packet.dts -= packet.duration;
    }
    packet.pts = time - first_;
    if (packet.dts != AV_NOPTS_VALUE) {
      // Nor do their times always rise: see MediaReader::set_time().
      packet.dts = std::max(packet.dts - first_, last_ + 1);
      packet.pts = std::max(packet.pts, packet.dts);
      last_ = packet.dts;
    }
    sound.advance_to(static_cast<double>(packet.pts) * av_q2d(from_->time_base));
    out_.write(packet, *to_, from_->time_base);
  }

  std::filesystem::path file_;
  InputPtr input_;
  Mp4File& out_;
  AVStream* to_;
  AVStream* from_ = nullptr;
  std::int64_t first_ = AV_NOPTS_VALUE;
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min() / 2;
};

}  // namespace

void require_muxable(const std::filesystem::path& video, const std::filesystem::path& out) {
  Mp4File file(out);
  PictureCopier pictures(video, file);
}

void mux(const std::filesystem::path& video,
         const std::filesystem::path& sound,
         const std::filesystem::path& out) {
  Mp4File file(out);
  PictureCopier pictures(video, file);
  SoundTrack track(sound, file, out);
  file.begin();
  pictures.copy(track);
  track.finish();
  file.commit();
}

}  // namespace lipsound2::video
