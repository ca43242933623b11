#include "clip_survey.h"

#include <algorithm>
#include <new>
#include <tuple>

#include "lipsound2/core/cpu_timer.h"
#include "lipsound2/core/error.h"

#include "media_input.h"

namespace lipsound2::video {
namespace {

constexpr double kFirstLook = 0.3;
constexpr double kLookEvery = 1.1;
constexpr double kLookAgain = 0.2;  // after seeing no face
// A cascade's time grows with the square of the height; small faces need the second.
constexpr int kQuickHeight = 96;
constexpr int kThoroughHeight = 288;
constexpr std::size_t kMostKeptBytes = std::size_t{64} << 20;
constexpr double kMostDamaged = 0.04;  // share of the pictures

std::size_t bytes_of(const AVFrame& frame) {
  std::size_t bytes = 0;
  for (const AVBufferRef* buffer : frame.buf)
    bytes += buffer ? buffer->size : 0;
  return bytes;
}

DecodedSound read_sound_file(const MediaFile& file, double start) {
  audio::SoundReader reader = open_sound(file);
  const int channels = reader.channels();
  return {.wave = reader.read_rest(), .start = start, .channels = channels};
}

void check_damage(const MediaReader& reader, ClipSurvey& survey) {
  const std::string file = reader.file().string();
  const DecodeFaults& faults = reader.faults();
  const std::int64_t pictures = reader.pictures();
  require(pictures > 0, ErrorKind::kData, "{}: expected pictures, found none", file);
  require(!faults.last_broken,
          ErrorKind::kData,
          "{}: damaged: expected a whole stream, found it cut off within picture {}",
          file,
          pictures);
  require(reader.promised() - pictures <= std::max<std::int64_t>(2, reader.promised() / 10),
          ErrorKind::kData,
          "{}: damaged: expected {} pictures, found {}",
          file,
          reader.promised(),
          pictures);
  const std::int64_t damaged = faults.concealed + faults.refused;
  require(
      static_cast<double>(damaged) <= std::max(1.0, kMostDamaged * static_cast<double>(pictures)),
      ErrorKind::kData,
      "{}: damaged: expected intact data, found {} faults in {} pictures",
      file,
      damaged,
      pictures);
  if (faults.concealed > 0)
    survey.facts.notes.push_back(
        fmt::format("damaged blocks concealed in {} of {} pictures", faults.concealed, pictures));
  if (faults.refused > 0)
    survey.facts.notes.push_back(fmt::format("{} undecodable packets skipped", faults.refused));
}

}  // namespace

ClipSurvey ClipSurveyor::survey(const Footage& footage, MediaReader::Sound sound) {
  const bool own_sound = footage.sound.empty() && sound == MediaReader::Sound::kDecode;
  next_look_ = kFirstLook;
  kept_bytes_ = 0;
  keeps_ = true;
  ClipSurvey survey;
  CpuTimer timer;
  MediaReader reader(footage.video,
                     own_sound ? MediaReader::Sound::kDecode : MediaReader::Sound::kSkip,
                     footage.part);
  require(reader.has_sound() || !own_sound,
          ErrorKind::kData,
          "{}: expected sound, found no sound stream",
          footage.video.string());
  SteadyPictures pictures(reader, config_.fps);
  while (const AVFrame* picture = pictures.next()) {
    survey.times.decode += timer.lap();
    require(survey.pictures == 0 ||
                upright_size(*picture) == std::pair(survey.facts.width, survey.facts.height),
            ErrorKind::kData,
            "{}: expected pictures of one size, found {}x{} after {}x{}",
            footage.video.string(),
            upright_size(*picture).first,
            upright_size(*picture).second,
            survey.facts.width,
            survey.facts.height);
    take(*picture, survey);
    survey.times.faces += timer.lap();
  }
  survey.times.decode += timer.lap();
  check_damage(reader, survey);
  const double seconds = static_cast<double>(survey.pictures) / config_.fps;
  require(seconds >= config_.min_seconds,
          ErrorKind::kData,
          "{}: expected at least {} s, found {} pictures, {:.2f} s",
          footage.video.string(),
          config_.min_seconds,
          survey.pictures,
          seconds);
  survey.start = pictures.start();
  survey.sound =
      footage.sound.empty() ? reader.sound() : read_sound_file(footage.sound, pictures.start());
  survey.facts.fps = reader.fps();
  survey.facts.frames = reader.pictures();
  survey.facts.picture_seconds = pictures.end() - pictures.start();
  survey.facts.sound_rate = survey.sound.wave.rate;
  survey.facts.sound_channels = survey.sound.channels;
  survey.facts.sound_seconds = survey.sound.wave.seconds();
  return survey;
}

void ClipSurveyor::take(const AVFrame& picture, ClipSurvey& survey) {
  std::tie(survey.facts.width, survey.facts.height) = upright_size(picture);
  const double seconds = static_cast<double>(survey.pictures++) / config_.fps;
  if (seconds >= next_look_) {
    const Look& look = survey.looks.emplace_back(Look{seconds, this->look(picture)});
    next_look_ = seconds + (look.faces.empty() ? kLookAgain : kLookEvery);
  }
  kept_bytes_ += bytes_of(picture);
  keeps_ = keeps_ && kept_bytes_ <= kMostKeptBytes;
  if (!keeps_) {
    survey.kept.clear();
    return;
  }
  survey.kept.emplace_back(av_frame_clone(&picture));
  if (!survey.kept.back())
    throw std::bad_alloc();
}

std::vector<Box> ClipSurveyor::look(const AVFrame& picture) {
  const int height = upright_size(picture).second;
  std::vector<Box> faces = look(picture, std::min(height, kQuickHeight));
  if (faces.empty() && height > kQuickHeight)
    faces = look(picture, std::min(height, kThoroughHeight));
  return faces;
}

std::vector<Box> ClipSurveyor::look(const AVFrame& picture, int height) {
  std::vector<Box> faces =
      detector_.detect(converter_.scale(picture, height, detector_.channels()));
  const float scale = static_cast<float>(upright_size(picture).second) / static_cast<float>(height);
  for (Box& face : faces)
    face = {face.x * scale, face.y * scale, face.width * scale, face.height * scale, face.score};
  return faces;
}

}  // namespace lipsound2::video
