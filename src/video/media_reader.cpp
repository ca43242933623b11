#include "media_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <utility>

#include "lipsound2/core/error.h"

#include "media_input.h"

namespace lipsound2::video {
namespace {

// Times in a program stream, see set_time(): jumps in pictures, and how often one must be told.
constexpr double kLongJump = 2.5;
constexpr int kBelievedJumps = 3;

// Converts to interleaved floats at the same channels and rate: FFmpeg's own mixing to mono is not
// used because it is not an average.
ResamplerPtr float_converter(AVFrame& frame) {
  SwrContext* context = nullptr;
  swr_alloc_set_opts2(&context,
                      &frame.ch_layout,
                      AV_SAMPLE_FMT_FLT,
                      frame.sample_rate,
                      &frame.ch_layout,
                      static_cast<AVSampleFormat>(frame.format),
                      frame.sample_rate,
                      0,
                      nullptr);
  ResamplerPtr converter(context);
  if (converter && swr_init(context) < 0)
    converter.reset();
  return converter;
}

}  // namespace

MediaReader::MediaReader(const std::filesystem::path& file, Sound sound)
    : file_(file), input_(open_input(file)), packet_(make_packet()) {
  pictures_stream_ = open_stream(AVMEDIA_TYPE_VIDEO, picture_decoder_);
  require(pictures_stream_ != nullptr,
          ErrorKind::kData,
          "{}: expected a video, found no picture stream",
          file.string());
  if (sound == Sound::kDecode)
    sound_stream_ = open_stream(AVMEDIA_TYPE_AUDIO, sound_decoder_);
  for (unsigned i = 0; i < input_->nb_streams; ++i)
    if (input_->streams[i] != pictures_stream_ && input_->streams[i] != sound_stream_)
      input_->streams[i]->discard = AVDISCARD_ALL;
}

AVStream* MediaReader::open_stream(AVMediaType type, CodecPtr& decoder) {
  const AVCodec* codec = nullptr;
  const int index = av_find_best_stream(input_.get(), type, -1, -1, &codec, 0);
  if (index < 0)
    return nullptr;
  AVStream* stream = input_->streams[index];
  if (stream->disposition & AV_DISPOSITION_ATTACHED_PIC)
    return nullptr;
  decoder.reset(avcodec_alloc_context3(codec));
  decoder->thread_count = 1;
  decoder->pkt_timebase = stream->time_base;
  int code = avcodec_parameters_to_context(decoder.get(), stream->codecpar);
  if (code >= 0)
    code = avcodec_open2(decoder.get(), codec, nullptr);
  require(code >= 0,
          ErrorKind::kData,
          "{}: cannot decode its {} stream: {}",
          file_.string(),
          codec->name,
          describe(code));
  return stream;
}

FramePtr MediaReader::next_picture() {
  while (decoded_.empty() && !ended_)
    ended_ = !read_packet();
  if (decoded_.empty())
    return nullptr;
  FramePtr picture = std::move(decoded_.front());
  decoded_.pop_front();
  return picture;
}

bool MediaReader::read_packet() {
  const int code = av_read_frame(input_.get(), packet_.get());
  if (code == AVERROR_EOF) {
    decode_pictures(nullptr);
    if (sound_stream_)
      decode_sound(nullptr);
    return false;
  }
  require(code >= 0,
          ErrorKind::kData,
          "{}: damaged: reading stops after {} pictures: {}",
          file_.string(),
          pictures_,
          describe(code));
  if (packet_->stream_index == pictures_stream_->index)
    decode_pictures(packet_.get());
  else if (sound_stream_ && packet_->stream_index == sound_stream_->index)
    decode_sound(packet_.get());
  av_packet_unref(packet_.get());
  return true;
}

void MediaReader::decode_pictures(const AVPacket* packet) {
  const bool broken_packet = packet && (packet->flags & AV_PKT_FLAG_CORRUPT);
  const bool refused = avcodec_send_packet(picture_decoder_.get(), packet) < 0;
  faults_.refused += refused && packet;
  if (packet)
    faults_.last_broken = broken_packet || refused;
  while (true) {
    FramePtr frame = make_frame();
    if (avcodec_receive_frame(picture_decoder_.get(), frame.get()) < 0)
      return;
    const bool concealed = frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT);
    faults_.concealed += concealed;
    faults_.last_broken |= concealed && !packet;
    set_time(*frame);
    ++pictures_;
    decoded_.push_back(std::move(frame));
  }
}

// A program stream gives a time only to the first picture that begins in a pack; the others follow
// it, and FFmpeg's own guess for them is the earlier decoding time. FFmpeg also gives the time to
// the wrong picture when a start code straddles two packs, so there a jump must be told three
// times.
void MediaReader::set_time(AVFrame& picture) {
  const double ticks = duration_of(picture) / av_q2d(pictures_stream_->time_base);
  const bool stored = picture.pts != AV_NOPTS_VALUE;
  const bool has_guess = picture.best_effort_timestamp != AV_NOPTS_VALUE;
  if (!stored)
    picture.pts = has_times_ || !has_guess ? next_time_ : picture.best_effort_timestamp;
  const bool packs = std::string_view(input_->iformat->name) == "mpeg";
  if (stored && has_times_ && packs) {
    const auto jump = static_cast<double>(std::abs(picture.pts - next_time_));
    jumps_ = jump > 0.25 * ticks ? jumps_ + 1 : 0;
    if (jump < kLongJump * ticks && jumps_ < kBelievedJumps)
      picture.pts = next_time_;
    else
      jumps_ = 0;
  }
  has_times_ |= stored;
  next_time_ = picture.pts + std::max<std::int64_t>(1, std::llround(ticks));
}

void MediaReader::decode_sound(const AVPacket* packet) {
  const int code = avcodec_send_packet(sound_decoder_.get(), packet);
  faults_.refused += code < 0 && packet;
  const FramePtr frame = make_frame();
  while (avcodec_receive_frame(sound_decoder_.get(), frame.get()) >= 0)
    append_sound(*frame);
}

void MediaReader::append_sound(AVFrame& frame) {
  audio::Waveform& wave = sound_.wave;
  if (!to_float_) {
    to_float_ = float_converter(frame);
    wave.rate = frame.sample_rate;
    sound_.channels = frame.ch_layout.nb_channels;
    if (frame.best_effort_timestamp != AV_NOPTS_VALUE)
      sound_.start =
          static_cast<double>(frame.best_effort_timestamp) * av_q2d(sound_stream_->time_base);
  }
  require(frame.sample_rate == wave.rate && frame.ch_layout.nb_channels == sound_.channels,
          ErrorKind::kData,
          "{}: damaged: the sound changes from {} channels at {} Hz to {} at {}",
          file_.string(),
          sound_.channels,
          wave.rate,
          frame.ch_layout.nb_channels,
          frame.sample_rate);
  const auto channels = static_cast<std::size_t>(sound_.channels);
  std::vector<float> interleaved(channels * static_cast<std::size_t>(frame.nb_samples));
  auto* out = reinterpret_cast<std::uint8_t*>(interleaved.data());
  auto** in = const_cast<const std::uint8_t**>(frame.extended_data);
  const int count =
      to_float_ ? swr_convert(to_float_.get(), &out, frame.nb_samples, in, frame.nb_samples) : -1;
  require(count == frame.nb_samples, ErrorKind::kData, "{}: damaged sound", file_.string());
  for (std::size_t i = 0; i < interleaved.size(); i += channels) {
    const float sum = std::accumulate(&interleaved[i], &interleaved[i] + channels, 0.0F);
    wave.samples.push_back(sum / static_cast<float>(channels));
  }
}

double MediaReader::fps() const {
  const AVRational rate = av_guess_frame_rate(input_.get(), pictures_stream_, nullptr);
  return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0.0;
}

double MediaReader::start_of(const AVFrame& picture) const {
  return static_cast<double>(picture.pts) * av_q2d(pictures_stream_->time_base);
}

double MediaReader::duration_of(const AVFrame& picture) const {
  if (picture.pkt_duration > 0)
    return static_cast<double>(picture.pkt_duration) * av_q2d(pictures_stream_->time_base);
  const double rate = fps();
  return rate > 0 ? 1 / rate : 0.04;
}

}  // namespace lipsound2::video
