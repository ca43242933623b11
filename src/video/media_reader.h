#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/video/footage.h"

#include "ffmpeg.h"

namespace lipsound2::video {

/// Sound as stored, averaged to mono. `start` is in seconds on the container's clock.
struct DecodedSound {
  audio::Waveform wave;
  double start = 0;
  int channels = 0;
};

/// Faults that the decoders reported and survived.
struct DecodeFaults {
  std::int64_t concealed = 0;  ///< pictures with blocks that the decoder had to invent
  std::int64_t refused = 0;    ///< packets that could not be decoded at all
  bool last_broken = false;    ///< the fault is at the very end, as when a file is cut off
};

/// Decodes the best picture stream of a container, and its sound on the way. Of a part, the last
/// picture that begins before it comes first (it is still shown when the part begins), and the
/// sound reaches beyond both ends. Not thread-safe.
class MediaReader {
 public:
  enum class Sound { kDecode, kSkip };

  /// Throws kIo when the file is missing or unreadable; kData when no container is recognized in it
  /// or it has no picture stream.
  MediaReader(const MediaFile& file, Sound sound, std::optional<Span> part = {});

  /// The next picture in the order of presentation, its `pts` set; null at the end. A picture that
  /// is to be shown turned carries that as side data (AV_FRAME_DATA_DISPLAYMATRIX). Throws kData
  /// when reading fails before the end of the file.
  FramePtr next_picture();

  /// Instead of next_picture(), to hear a long recording in little memory: the next second or so of
  /// sound, empty at the end. Pictures are not decoded.
  DecodedSound next_sound();

  /// Seconds on the container's clock.
  double start_of(const AVFrame& picture) const;
  double duration_of(const AVFrame& picture) const;

  /// Everything below is complete once next_picture() returned null.
  const DecodedSound& sound() const { return sound_; }
  const DecodeFaults& faults() const { return faults_; }
  std::int64_t pictures() const { return pictures_; }
  /// Pictures that the container promises; 0 when it does not say, as for a part.
  std::int64_t promised() const { return part_ ? 0 : pictures_stream_->nb_frames; }
  bool has_sound() const { return sound_stream_ != nullptr; }
  const std::optional<Span>& part() const { return part_; }
  /// The file goes on after the part, all of whose pictures were given out.
  bool stopped() const { return stopped_; }
  double fps() const;
  /// What the headers say; the second is null without sound.
  const AVStream& picture_stream() const { return *pictures_stream_; }
  const AVStream* sound_stream() const { return sound_stream_; }
  std::string container() const { return input_->iformat->name; }
  /// Container time of the first picture and seconds of pictures, by the container's header; 0
  /// where it does not say.
  double first_time() const;
  double promised_seconds() const;
  const std::filesystem::path& file() const { return file_.path; }

 private:
  void open();
  AVStream* open_stream(AVMediaType type, CodecPtr& decoder);
  void go_to_part();
  bool go_to(double seconds);
  void forget();
  bool begins_before_part();
  void finish_sound();
  double sound_end() const;
  bool read_packet();
  void decode_pictures(const AVPacket* packet);
  void take(FramePtr picture);
  bool in_part(double start, double seconds) const;
  bool in_part(const AVPacket& packet, const AVStream& stream) const;
  void set_time(AVFrame& picture);
  void decode_sound(const AVPacket* packet);
  void append_sound(AVFrame& frame);

  MediaFile file_;
  Sound wanted_sound_;
  std::optional<Span> part_;
  InputPtr input_;
  AVStream* pictures_stream_ = nullptr;
  AVStream* sound_stream_ = nullptr;
  CodecPtr picture_decoder_;
  CodecPtr sound_decoder_;
  ResamplerPtr to_float_;
  PacketPtr packet_;
  std::deque<FramePtr> decoded_;
  DecodedSound sound_;
  DecodeFaults faults_;
  std::int64_t pictures_ = 0;
  std::int64_t next_time_ = 0;
  bool has_times_ = false;
  int jumps_ = 0;
  double packets_time_ = 0;     ///< of the last packet with pictures
  bool jumped_ = false;         ///< what was read does not begin with the file
  bool waits_for_key_ = false;  ///< pictures after a jump lean on what was not decoded
  bool ended_ = false;
  bool stopped_ = false;
};

/// Pictures of a MediaReader at a constant rate: the n-th is the one shown n / fps seconds after
/// the first, or after the start of the part.
class SteadyPictures {
 public:
  SteadyPictures(MediaReader& reader, double fps);

  /// Valid until the next call; null at the end. Throws kData when the pictures pause for longer
  /// than a second.
  const AVFrame* next();
  /// Container time of the first picture, or of the part.
  double start() const { return start_; }
  /// Container time at which the last picture, or the part, ends; known at the end.
  double end() const { return end_; }

 private:
  void advance();

  MediaReader& reader_;
  double fps_;
  FramePtr current_;
  FramePtr upcoming_;
  double start_ = 0;
  double end_ = 0;
  std::int64_t index_ = 0;
};

}  // namespace lipsound2::video
