#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/config/field_visitor.h"
#include "lipsound2/video/footage.h"
#include "lipsound2/video/image.h"

namespace lipsound2::video {

/// How a face is found and cut. `size` is the side of the crop; the box is square, steady over the
/// clip, and `margin` times as wide as the detected face.
struct FaceClipConfig {
  std::int64_t size = 112;
  double margin = 0.9;
  std::string detector;  ///< path of a YuNet model; empty: OpenCV's frontal Haar cascade
  double fps = 25;
  std::int64_t rate = 16000;
  double min_seconds = 0.5;

  void visit(config::FieldVisitor& v);
};

/// What was found in a container, for census and messages.
struct MediaFacts {
  double fps = 0;             ///< as stored
  int width = 0, height = 0;  ///< as shown, which for a turned telephone is not as stored
  std::int64_t frames = 0;    ///< pictures decoded, before conversion to the wanted rate
  int sound_rate = 0;
  int sound_channels = 0;
  double picture_seconds = 0;
  double sound_seconds = 0;
  Box face;                        ///< the square that was cut
  int faces = 0;                   ///< steady faces seen
  std::vector<std::string> notes;  ///< decisions worth printing, such as the choice among faces
};

/// Seconds of processor time that a clip took.
struct FaceClipTimes {
  double decode = 0;  ///< of pictures and sound
  double faces = 0;   ///< to find them
  double crop = 0;    ///< with decoding again, where a long clip could not be kept
  double sound = 0;   ///< to resample and fit it
};

/// A clip as prepare wants it: T pictures of size x size RGB and T * rate / fps samples.
struct FaceClip {
  std::vector<Image> faces;
  audio::Waveform sound;
  MediaFacts facts;
  FaceClipTimes times;
};

class FaceDetector;

/// Reads faces out of any container FFmpeg opens. Owns its face detector, which is costly to load
/// and must not be shared: keep one reader per thread. Different readers may work at once.
class FaceClipReader {
 public:
  /// Throws kIo when the detector's model cannot be found or loaded.
  explicit FaceClipReader(const FaceClipConfig& config);
  ~FaceClipReader();
  FaceClipReader(FaceClipReader&&) noexcept;

  /// Decodes the footage, brings pictures to config.fps by their timestamps and sound to
  /// config.rate mono, finds the largest steady face and cuts it. The sound is cut or padded by at
  /// most 80 ms of its own reflected edge to the pictures' length and the note says so. A part of a
  /// recording costs the decoding from the key picture before it. Throws kData with the reason (and
  /// the file) for a clip that is damaged, silent, without sound or picture, faceless, too short,
  /// or whose picture and sound differ by more than that; kIo when a file is not there.
  FaceClip read(const Footage& footage);

  /// The same crops for a silent or long video, in constant memory (the file is decoded twice):
  /// calls `sink` with each face in order. Sound is not read. Throws as above, before the first
  /// call of `sink` as far as the first pass can tell.
  MediaFacts stream(const std::filesystem::path& file,
                    const std::function<void(const Image&)>& sink);

 private:
  FaceClipConfig config_;
  std::unique_ptr<FaceDetector> detector_;
};

}  // namespace lipsound2::video
