#pragma once

#include <filesystem>
#include <string>

#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/synthesizer.h"
#include "lipsound2/video/face_clip.h"

namespace lipsound2::cli {

/// Gives silent videos of any length a voice, in constant memory.
class LipReader {
 public:
  /// A lip2mel run or checkpoint (empty: the latest), griffin-lim or a vocoder's run, and the path
  /// of a YuNet model or nothing.
  LipReader(const std::string& run, const std::string& vocoder, const std::string& detector);

  /// The sound of a video, piece by piece. Throws as video::FaceClipReader::stream().
  video::MediaFacts read(const std::filesystem::path& video,
                         const experiment::VocoderStream::SoundSink& sink);
  int rate() const { return synthesizer_.rate(); }

 private:
  experiment::TrainedNetwork trained_;
  experiment::Synthesizer synthesizer_;
  video::FaceClipReader reader_;
};

}  // namespace lipsound2::cli
