#include "media_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
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

constexpr double kLatestTime = 4e18;  // in units of the stream; close to 2^62

// How many seconds before a part the key picture is looked for. At least one, so that the sound
// decoder is warm; the others are for files whose sound lags or which have no index.
constexpr double kSeekBack[] = {1, 10, 60};
constexpr std::size_t kPicturesUntilSound = 64;  // in a file that interleaves them
constexpr double kSoundBeyond = 0.1;             // seconds, for the resampler
constexpr double kLongestLag = 10;               // of the sound behind the pictures in a file

bool is_concealed(const AVFrame& picture) {
  return picture.decode_error_flags != 0 || (picture.flags & AV_FRAME_FLAG_CORRUPT);
}

// Hands the stream's wish to be shown turned on to the picture.
void turn(AVFrame& picture, const AVStream& stream) {
  std::size_t bytes = 0;
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
  if (!matrix || av_frame_get_side_data(&picture, AV_FRAME_DATA_DISPLAYMATRIX))
    return;
  AVFrameSideData* data = av_frame_new_side_data(&picture, AV_FRAME_DATA_DISPLAYMATRIX, bytes);
  if (!data)
    throw std::bad_alloc();
  std::copy_n(matrix, bytes, data->data);
}

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

MediaReader::MediaReader(const MediaFile& file, Sound sound, std::optional<Span> part)
    : file_(file), wanted_sound_(sound), part_(part), packet_(make_packet()) {
  open();
  if (part_)
    go_to_part();
}

void MediaReader::open() {
  input_ = open_input(file_);
  pictures_stream_ = open_stream(AVMEDIA_TYPE_VIDEO, picture_decoder_);
  require(pictures_stream_ != nullptr,
          ErrorKind::kData,
          "{}: expected a video, found no picture stream",
          file_.string());
  if (wanted_sound_ == Sound::kDecode)
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

// Leaves the reader before the part, at the latest possible place or else at the start of the file.
void MediaReader::go_to_part() {
  for (const double back : kSeekBack) {
    if (part_->start - back <= first_time())
      break;
    if (go_to(part_->start - back) && begins_before_part())
      return;
  }
  open();
  forget();
}

bool MediaReader::go_to(double seconds) {
  const std::int64_t time = std::llround(seconds / av_q2d(pictures_stream_->time_base));
  if (av_seek_frame(input_.get(), pictures_stream_->index, time, AVSEEK_FLAG_BACKWARD) < 0)
    return false;
  avcodec_flush_buffers(picture_decoder_.get());
  if (sound_decoder_)
    avcodec_flush_buffers(sound_decoder_.get());
  forget();
  jumped_ = waits_for_key_ = true;
  return true;
}

void MediaReader::forget() {
  to_float_.reset();
  decoded_.clear();
  sound_ = {};
  faults_ = {};
  pictures_ = 0;
  next_time_ = 0;
  has_times_ = false;
  jumps_ = 0;
  jumped_ = waits_for_key_ = false;
  ended_ = false;
}

bool MediaReader::begins_before_part() {
  const auto waits_for_sound = [this] {
    return sound_stream_ && sound_.wave.samples.empty() && decoded_.size() < kPicturesUntilSound;
  };
  while (!ended_ && (decoded_.empty() || waits_for_sound()))
    ended_ = !read_packet();
  return !decoded_.empty() && start_of(*decoded_.front()) <= part_->start &&
         (!sound_stream_ || (!sound_.wave.samples.empty() && sound_.start <= part_->start));
}

double MediaReader::sound_end() const {
  return sound_.wave.samples.empty() ? -std::numeric_limits<double>::infinity()
                                     : sound_.start + sound_.wave.seconds();
}

void MediaReader::finish_sound() {
  stopped_ = true;
  decoded_.clear();
  faults_.last_broken = false;
  while (sound_stream_ && !ended_ && sound_end() < part_->end + kSoundBeyond &&
         packets_time_ < part_->end + kLongestLag)
    ended_ = !read_packet();
}

FramePtr MediaReader::next_picture() {
  while (decoded_.empty() && !ended_ && !stopped_)
    ended_ = !read_packet();
  if (!decoded_.empty() && part_ && start_of(*decoded_.front()) >= part_->end)
    finish_sound();
  if (decoded_.empty() || stopped_)
    return nullptr;
  FramePtr picture = std::move(decoded_.front());
  decoded_.pop_front();
  return picture;
}

DecodedSound MediaReader::next_sound() {
  stopped_ = true;
  pictures_stream_->discard = AVDISCARD_ALL;
  while (sound_stream_ && !ended_ && sound_.wave.seconds() < 1)
    ended_ = !read_packet();
  to_float_.reset();
  return std::exchange(sound_, {});
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
  if (packet_->stream_index == pictures_stream_->index) {
    if (packet_->dts != AV_NOPTS_VALUE)
      packets_time_ = static_cast<double>(packet_->dts) * av_q2d(pictures_stream_->time_base);
    if (!stopped_)
      decode_pictures(packet_.get());
  }
  if (sound_stream_ && packet_->stream_index == sound_stream_->index)
    decode_sound(packet_.get());
  av_packet_unref(packet_.get());
  return true;
}

void MediaReader::decode_pictures(const AVPacket* packet) {
  const bool broken_packet = packet && (packet->flags & AV_PKT_FLAG_CORRUPT);
  const bool refused = avcodec_send_packet(picture_decoder_.get(), packet) < 0;
  faults_.refused += refused && packet && in_part(*packet, *pictures_stream_);
  if (packet)
    faults_.last_broken = broken_packet || refused;
  while (true) {
    FramePtr frame = make_frame();
    if (avcodec_receive_frame(picture_decoder_.get(), frame.get()) < 0)
      return;
    faults_.last_broken |= is_concealed(*frame) && !packet;
    set_time(*frame);
    take(std::move(frame));
  }
}

void MediaReader::take(FramePtr picture) {
  waits_for_key_ &= !picture->key_frame || !has_times_;
  if (waits_for_key_)
    return;
  if (in_part(start_of(*picture), duration_of(*picture))) {
    ++pictures_;
    faults_.concealed += is_concealed(*picture);
  }
  turn(*picture, *pictures_stream_);
  decoded_.push_back(std::move(picture));
}

bool MediaReader::in_part(double start, double seconds) const {
  return !part_ || (start + seconds > part_->start && start < part_->end);
}

bool MediaReader::in_part(const AVPacket& packet, const AVStream& stream) const {
  const std::int64_t time = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (time == AV_NOPTS_VALUE)
    return !jumped_;
  const double base = av_q2d(stream.time_base);
  return in_part(static_cast<double>(time) * base, static_cast<double>(packet.duration) * base);
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
    const double jump =
        std::abs(static_cast<double>(picture.pts) - static_cast<double>(next_time_));
    jumps_ = jump > 0.25 * ticks ? jumps_ + 1 : 0;
    if (jump < kLongJump * ticks && jumps_ < kBelievedJumps)
      picture.pts = next_time_;
    else
      jumps_ = 0;
  }
  require(std::max(ticks, std::abs(static_cast<double>(picture.pts))) < kLatestTime,
          ErrorKind::kData,
          "{}: damaged: expected the time of a picture, found {}",
          file_.string(),
          picture.pts);
  has_times_ |= stored;
  next_time_ = picture.pts + std::max<std::int64_t>(1, std::llround(ticks));
}

void MediaReader::decode_sound(const AVPacket* packet) {
  const int code = avcodec_send_packet(sound_decoder_.get(), packet);
  faults_.refused += code < 0 && packet && in_part(*packet, *sound_stream_);
  const FramePtr frame = make_frame();
  while (avcodec_receive_frame(sound_decoder_.get(), frame.get()) >= 0)
    append_sound(*frame);
}

void MediaReader::append_sound(AVFrame& frame) {
  audio::Waveform& wave = sound_.wave;
  if (!to_float_) {
    const bool timed = frame.best_effort_timestamp != AV_NOPTS_VALUE;
    if (!timed && jumped_)
      return;
    to_float_ = float_converter(frame);
    wave.rate = frame.sample_rate;
    sound_.channels = frame.ch_layout.nb_channels;
    if (timed)
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

double MediaReader::first_time() const {
  const std::int64_t start = pictures_stream_->start_time;
  return start == AV_NOPTS_VALUE ? 0.0
                                 : static_cast<double>(start) * av_q2d(pictures_stream_->time_base);
}

double MediaReader::promised_seconds() const {
  if (pictures_stream_->duration > 0)
    return static_cast<double>(pictures_stream_->duration) * av_q2d(pictures_stream_->time_base);
  return input_->duration > 0 ? static_cast<double>(input_->duration) / AV_TIME_BASE : 0.0;
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
