#include "lipsound2/video/face_clip.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "lipsound2/core/cpu_timer.h"
#include "lipsound2/core/error.h"

#include "clip_sound.h"
#include "clip_survey.h"

namespace lipsound2::video {
namespace {

constexpr double kMostElsewhere = 0.1;  // share of the time, in a part of a recording
constexpr double kChinRoom = 0.04;      // below the detected face, in its heights

int even(double value) {
  return 2 * static_cast<int>(std::lround(value / 2));
}

// Keeps the chin, also of an open mouth, in the picture; what a small margin gives up is forehead.
Square square_around(const Box& face, double margin) {
  const int side = std::max(2, even(margin * face.width));
  const double bottom = face.y + (1 + kChinRoom) * face.height;
  return {even(face.x + face.width / 2 - side / 2.0), even(bottom - side), side};
}

// Chooses the face and writes the choice into the facts.
FacePath choose_face(ClipSurvey& survey, const Footage& footage, double margin) {
  const std::filesystem::path& file = footage.video.path;
  std::vector<FaceTrack> tracks = steady_tracks(survey.looks);
  require(!tracks.empty(),
          ErrorKind::kData,
          "{}: expected a face, found {} in {} pictures that were looked at",
          file.string(),
          join_looks(survey.looks).empty() ? "none" : "no steady one",
          survey.looks.size());
  const double elsewhere = share_without(tracks.front(), survey.looks);
  require(
      !footage.part || elsewhere <= kMostElsewhere,
      ErrorKind::kData,
      "{}: expected one face throughout the part, found another in its stead for {:.0f} % of the "
      "time, as when the camera changes",
      file.string(),
      100 * elsewhere);
  FacePath path(tracks.front(), survey.facts.picture_seconds);
  const Square cut = square_around(path.median(), margin);
  const auto side = static_cast<float>(cut.side);
  survey.facts.face = {
      static_cast<float>(cut.x), static_cast<float>(cut.y), side, side, path.median().score};
  survey.facts.faces = static_cast<int>(tracks.size());
  if (tracks.size() > 1) {
    const Box face = path.median();
    survey.facts.notes.push_back(fmt::format(
        "{} faces seen, the largest was taken ({:.0f} pixels wide around x {:.0f}, y {:.0f})",
        tracks.size(),
        face.width,
        face.x + face.width / 2,
        face.y + face.height / 2));
  }
  return path;
}

// Cuts every picture of the clip, decoding it again where the survey could not keep it.
class Cutter {
 public:
  Cutter(const FaceClipConfig& config, FacePath path) : config_(config), path_(std::move(path)) {}

  void cut(const ClipSurvey& survey,
           const Footage& footage,
           const std::function<void(Image)>& sink) {
    if (!survey.kept.empty()) {
      for (const FramePtr& picture : survey.kept)
        sink(next(*picture));
      return;
    }
    MediaReader reader(footage.video, MediaReader::Sound::kSkip, footage.part);
    SteadyPictures pictures(reader, config_.fps);
    while (const AVFrame* picture = pictures.next())
      sink(next(*picture));
  }

 private:
  Image next(const AVFrame& picture) {
    const Box face = path_.at(static_cast<double>(index_++) / config_.fps);
    return converter_.crop(
        picture, square_around(face, config_.margin), static_cast<int>(config_.size));
  }

  const FaceClipConfig& config_;
  FacePath path_;
  FrameConverter converter_;
  std::int64_t index_ = 0;
};

}  // namespace

void FaceClipConfig::visit(config::FieldVisitor& v) {
  v.field("size", size, "side of the face crops in pixels", {16, 1024});
  v.field("margin", margin, "side of the crop in widths of the detected face", {0.5, 4});
  v.field("detector",
          detector,
          "path of a YuNet model (.onnx) or of a cascade (.xml); empty: OpenCV's frontal cascade");
  v.field("fps", fps, "pictures per second after conversion", {1, 120});
  v.field("rate", rate, "samples per second after conversion", {8000, 48000});
  v.field("min_seconds", min_seconds, "shorter clips are refused", {0.04, 3600});
}

FaceClipReader::FaceClipReader(const FaceClipConfig& config)
    : config_(config), detector_(make_face_detector(config.detector)) {}

FaceClipReader::~FaceClipReader() = default;
FaceClipReader::FaceClipReader(FaceClipReader&&) noexcept = default;

FaceClip FaceClipReader::read(const Footage& footage) {
  ClipSurvey survey =
      ClipSurveyor(config_, *detector_).survey(footage, MediaReader::Sound::kDecode);
  CpuTimer timer;
  const double samples =
      static_cast<double>(survey.pictures) * static_cast<double>(config_.rate) / config_.fps;
  ClipSound sound = fit_sound(survey.sound,
                              {.file = footage.video.string(),
                               .start = survey.start,
                               .samples = std::llround(samples),
                               .rate = static_cast<int>(config_.rate),
                               .part = footage.part.has_value()});
  survey.times.sound += timer.lap();
  std::ranges::move(sound.notes, std::back_inserter(survey.facts.notes));
  FacePath path = choose_face(survey, footage, config_.margin);
  FaceClip clip;
  clip.faces.reserve(static_cast<std::size_t>(survey.pictures));
  Cutter(config_, std::move(path)).cut(survey, footage, [&](Image image) {
    clip.faces.push_back(std::move(image));
  });
  survey.times.crop += timer.lap();
  clip.sound = std::move(sound.wave);
  clip.facts = std::move(survey.facts);
  clip.times = survey.times;
  return clip;
}

MediaFacts FaceClipReader::stream(const std::filesystem::path& file,
                                  const std::function<void(const Image&)>& sink) {
  ClipSurvey survey =
      ClipSurveyor(config_, *detector_).survey({.video = file}, MediaReader::Sound::kSkip);
  FacePath path = choose_face(survey, {.video = file}, config_.margin);
  Cutter(config_, std::move(path)).cut(survey, {.video = file}, sink);
  return survey.facts;
}

}  // namespace lipsound2::video
