#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

#include "lipsound2/video/face_clip.h"
#include "lipsound2/video/movie_writer.h"

namespace lipsound2::corpora {

/// The real data of the tests, where the environment names it.
inline std::optional<std::filesystem::path> real_data() {
  const char* folder = std::getenv("LIPSOUND2_DATA");
  return folder ? std::optional<std::filesystem::path>(folder) : std::nullopt;
}

/// A real GRID clip of three seconds as square pictures twice as wide as the face, with its sound
/// at 48 kHz.
inline video::FaceClip real_clip(const std::string& grid_name, std::int64_t size) {
  video::FaceClipConfig config;
  config.size = size;
  config.margin = 2;
  config.rate = 48000;
  return video::FaceClipReader(config).read({*real_data() / "grid" / grid_name});
}

/// The picture in the middle of a black one.
inline video::Image in_the_middle(const video::Image& picture, int width, int height) {
  video::Image out{width, height, 3, std::vector<std::uint8_t>(std::size_t{3} * width * height)};
  const int left = (width - picture.width) / 2;
  const int top = (height - picture.height) / 2;
  for (int y = 0; y < picture.height; ++y)
    std::copy_n(&picture.pixels[std::size_t{3} * y * picture.width],
                std::size_t{3} * picture.width,
                &out.pixels[std::size_t{3} * ((y + top) * width + left)]);
  return out;
}

/// Writes the clip in another format; each of the new pictures is the one shown at its time. With
/// `sound` empty the movie is silent.
inline void write_clip(const std::filesystem::path& file,
                       const video::FaceClip& clip,
                       const video::MovieWriter::Format& format,
                       const audio::Waveform& sound) {
  std::filesystem::create_directories(file.parent_path());
  video::MovieWriter movie(file, format);
  const double period = static_cast<double>(format.seconds) / format.fps;
  const double seconds = static_cast<double>(clip.faces.size()) / 25;
  for (int i = 0; i * period < seconds - 1e-6; ++i)
    movie.write(in_the_middle(
        clip.faces[static_cast<std::size_t>(i * period * 25 + 1e-6)], format.width, format.height));
  movie.finish(sound);
}

/// For thousands of files: without waiting for the disk, as TemporaryFolder::write() does.
inline void write_unsafely(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << bytes;
}

/// Lines "volunteers/01M/Clips/straightcam/si1175 DIVERSITY OF ..." of a published list.
inline std::vector<std::pair<std::string, std::string>> label_lines(const std::string& name) {
  const std::string file = (*real_data() / "labels" / (name + ".ref.gz")).string();
  gzFile lines = gzopen(file.c_str(), "rb");
  std::vector<std::pair<std::string, std::string>> labels;
  char line[4096];
  while (gzgets(lines, line, sizeof(line))) {
    std::string text(line);
    text.erase(text.find_last_not_of("\r\n") + 1);
    const std::size_t blank = text.find(' ');
    labels.emplace_back(text.substr(0, blank), text.substr(blank + 1));
  }
  gzclose(lines);
  return labels;
}

}  // namespace lipsound2::corpora
