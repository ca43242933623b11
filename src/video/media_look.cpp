#include "lipsound2/video/media_look.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lipsound2/core/error.h"

#include "media_input.h"
#include "media_reader.h"

namespace lipsound2::video {
namespace {

constexpr float kFullScale = 0.999F;
constexpr int kClippedRun = 3;
constexpr std::int64_t kPiece = 1 << 16;  // samples

// Seconds of pictures by the packets that hold them, for containers whose headers do not count
// them: those know at best the length of the longest stream.
double count_seconds(const MediaFile& file, const MediaReader& reader) {
  const InputPtr input = open_input(file);
  const AVStream& stream = *input->streams[reader.picture_stream().index];
  const PacketPtr packet = make_packet();
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  std::int64_t count = 0;
  bool timed = true;
  for (; av_read_frame(input.get(), packet.get()) >= 0; av_packet_unref(packet.get())) {
    if (packet->stream_index != stream.index)
      continue;
    ++count;
    timed = timed && packet->pts != AV_NOPTS_VALUE && packet->duration > 0;
    if (timed) {
      first = std::min(first, packet->pts);
      last = std::max(last, packet->pts + packet->duration);
    }
  }
  if (count > 0 && timed)
    return static_cast<double>(last - first) * av_q2d(stream.time_base);
  return reader.fps() > 0 ? static_cast<double>(count) / reader.fps() : 0;
}

double picture_seconds(const Footage& footage, const MediaReader& reader) {
  if (footage.part)
    return footage.part->end - footage.part->start;
  return reader.promised() > 0 ? reader.promised_seconds() : count_seconds(footage.video, reader);
}

// Takes the sound piece by piece.
class LoudnessMeter {
 public:
  void add(const float* first, const float* last) {
    for (const float* x = first; x != last; ++x) {
      const float level = std::abs(*x);
      peak_ = std::max(peak_, level);
      energy_ += static_cast<double>(level) * level;
      run_ = level >= kFullScale ? run_ + 1 : 0;
      clipped_ += run_ == kClippedRun;
    }
    count_ += last - first;
  }

  void report(MediaLook& look, const std::filesystem::path& file) const {
    require(std::isfinite(energy_),
            ErrorKind::kData,
            "{}: damaged: the sound holds values that are no numbers",
            file.string());
    look.sound_seconds = look.sound_rate > 0 ? static_cast<double>(count_) / look.sound_rate : 0;
    look.peak = peak_;
    look.rms =
        count_ > 0 ? static_cast<float>(std::sqrt(energy_ / static_cast<double>(count_))) : 0;
    look.clipped = clipped_;
  }

 private:
  float peak_ = 0;
  double energy_ = 0;
  int run_ = 0;
  std::int64_t clipped_ = 0;
  std::int64_t count_ = 0;
};

// Of a part, only the sound within it.
void hear_track(MediaReader& reader, MediaLook& look) {
  LoudnessMeter meter;
  double time = 0;
  bool first = true;
  for (DecodedSound piece = reader.next_sound(); !piece.wave.samples.empty();
       piece = reader.next_sound()) {
    const int rate = piece.wave.rate;
    if (first) {
      time = look.sound_start = piece.start;
      look.sound_rate = rate;
      look.sound_channels = piece.channels;
      first = false;
    }
    const auto index_at = [&](double seconds) {
      return std::clamp<std::int64_t>(
          std::llround((seconds - time) * rate), 0, std::ssize(piece.wave.samples));
    };
    const std::int64_t begin = reader.part() ? index_at(reader.part()->start) : 0;
    const std::int64_t end =
        reader.part() ? index_at(reader.part()->end) : std::ssize(piece.wave.samples);
    meter.add(piece.wave.samples.data() + begin, piece.wave.samples.data() + end);
    time += piece.wave.seconds();
    if (reader.part() && time > reader.part()->end)
      break;
  }
  if (reader.part())
    look.sound_start = std::max(look.sound_start, reader.part()->start);
  meter.report(look, reader.file());
}

void hear_file(const MediaFile& file, MediaLook& look) {
  audio::SoundReader reader = open_sound(file);
  look.sound_codec = "sound file";
  look.sound_start = look.picture_start;
  look.sound_rate = reader.rate();
  look.sound_channels = reader.channels();
  LoudnessMeter meter;
  for (std::vector<float> piece = reader.read(kPiece); !piece.empty(); piece = reader.read(kPiece))
    meter.add(piece.data(), piece.data() + piece.size());
  meter.report(look, file.path);
}

}  // namespace

MediaLook look_at(const Footage& footage) {
  const bool own_sound = footage.sound.empty();
  MediaReader reader(footage.video,
                     own_sound ? MediaReader::Sound::kDecode : MediaReader::Sound::kSkip,
                     footage.part);
  const AVCodecParameters& pictures = *reader.picture_stream().codecpar;
  MediaLook look;
  look.container = reader.container();
  look.picture_codec = avcodec_get_name(pictures.codec_id);
  look.width = pictures.width;
  look.height = pictures.height;
  look.fps = reader.fps();
  look.picture_start = footage.part ? footage.part->start : reader.first_time();
  look.picture_seconds = picture_seconds(footage, reader);
  if (!own_sound) {
    hear_file(footage.sound, look);
  } else if (const AVStream* sound = reader.sound_stream()) {
    look.sound_codec = avcodec_get_name(sound->codecpar->codec_id);
    hear_track(reader, look);
  }
  return look;
}

}  // namespace lipsound2::video
