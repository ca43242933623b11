#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numbers>
#include <string>

#include "lipsound2/video/canvas.h"
#include "lipsound2/video/movie_writer.h"

namespace lipsound2::video {

/// A tone of 440 Hz at half of full scale, 16 kHz.
inline audio::Waveform tone(double seconds) {
  audio::Waveform sound;
  sound.rate = 16000;
  sound.samples.resize(static_cast<std::size_t>(std::llround(seconds * sound.rate)));
  for (std::size_t i = 0; i < sound.samples.size(); ++i)
    sound.samples[i] = 0.5F * static_cast<float>(std::sin(2 * std::numbers::pi * 440 *
                                                          static_cast<double>(i) / sound.rate));
  return sound;
}

struct MovieScript {
  int pictures = 75;
  int fps = 25;
  audio::Waveform sound = tone(3);
};

/// Gray level of the n-th picture of a generated movie; neighbors differ by more than MPEG-1 blurs.
inline int level_of(int picture) {
  return 30 + 40 * (picture % 5);
}

/// A movie without a face, 160 x 120: every picture has its own gray level, with a disk that moves.
inline void write_movie(const std::filesystem::path& file, const MovieScript& script) {
  MovieWriter movie(
      file, {.width = 160, .height = 120, .fps = script.fps, .video_bits_per_second = 1'150'000});
  for (int i = 0; i < script.pictures; ++i) {
    const auto level = static_cast<std::uint8_t>(level_of(i));
    Canvas canvas(160, 120, {level, level, level});
    canvas.fill_ellipse({30.0 + i % 100, 100}, 12, 9, 10, {200, 40, 90});
    movie.write(canvas.image());
  }
  movie.finish(script.sound);
}

}  // namespace lipsound2::video
