#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/video/image.h"

namespace lipsound2::video {

/// How a face is found and cut. `size` is the side of the crop; the box is square, steady over the
/// clip, and `margin` times as wide as the detected face.
struct FaceClipConfig {
  std::int64_t size = 112;
  double margin = 1.3;
  std::string detector;  ///< path of a YuNet model; empty: OpenCV's frontal Haar cascade
  double fps = 25;
  std::int64_t rate = 16000;
  double min_seconds = 0.5;

  void visit(config::FieldVisitor& v);
};

/// What was found in a container, for census and messages.
struct MediaFacts {
  double fps = 0;  ///< as stored
  int width = 0, height = 0;
  std::int64_t frames = 0;  ///< pictures decoded, before conversion to the wanted rate
  int sound_rate = 0;
  int sound_channels = 0;
  double picture_seconds = 0;
  double sound_seconds = 0;
  Box face;          ///< the square that was cut
  int faces = 0;     ///< steady faces seen
  std::string note;  ///< decisions worth printing, such as the choice among several faces
};

/// A clip as prepare wants it: T pictures of size x size RGB and T * rate / fps samples.
struct FaceClip {
  std::vector<Image> faces;
  audio::Waveform sound;
  MediaFacts facts;
};

/// Decodes the file, brings pictures to config.fps by their timestamps and sound to config.rate
/// mono, finds the largest steady face and cuts it. The sound is cut or padded by at most `80 ms`
/// of its own edge to the pictures' length and the note says so. Throws kData with the reason (and
/// the file) for a clip that is damaged, silent, without sound or picture, faceless, too short, or
/// whose picture and sound differ by more than that.
FaceClip read_face_clip(const std::filesystem::path& file, const FaceClipConfig& config);

/// The same for a silent or long video, in constant memory: calls `sink` with each cropped face in
/// order. Sound is not read. Returns the facts. Throws as above.
MediaFacts stream_faces(const std::filesystem::path& file,
                        const FaceClipConfig& config,
                        const std::function<void(const Image&)>& sink);

}  // namespace lipsound2::video
