#pragma once

#include <filesystem>
#include <memory>

#include "lipsound2/audio/waveform.h"
#include "lipsound2/video/image.h"

namespace lipsound2::video {

/// Writes an MPEG-1 program stream (.mpg) with MP2 sound: the format GRID is distributed in; under
/// a name that ends in .mp4 the same streams in an MP4. Pictures are RGB of the given size; the
/// sound (any rate) is encoded at 44.1 kHz, the same in both channels. The file appears whole at
/// finish(), or not at all; until then the encoded movie is kept in memory. Throws kIo when the
/// file cannot be written.
class MovieWriter {
 public:
  struct Format {
    int width = 360;
    int height = 288;
    int fps = 25;     ///< pictures in so many seconds:
    int seconds = 1;  ///< 30000 in 1001 is the television of America
    int video_bits_per_second = 1'150'000;
  };
  MovieWriter(const std::filesystem::path& file, const Format& format);
  ~MovieWriter();

  void write(const Image& picture);
  /// Empty sound makes a movie without a sound track.
  void finish(const audio::Waveform& sound);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Copies the video stream of `video` unchanged into the MP4 `out`, with the sound file `sound`
/// (which begins with the first picture) as its only sound track, AAC, in constant memory. The file
/// appears whole or not at all. Throws kData when `video` is none or its pictures are in a format
/// that MP4 cannot hold, kIo when `out` cannot be written.
void mux(const std::filesystem::path& video,
         const std::filesystem::path& sound,
         const std::filesystem::path& out);

/// Throws what mux() would throw of `video` and `out`, before the work on the sound is done.
void require_muxable(const std::filesystem::path& video, const std::filesystem::path& out);

}  // namespace lipsound2::video
