// Any bytes as a video: its header, its sound, and its face crops, of the whole or of a part that
// the first two bytes choose. FFmpeg and OpenCV are not instrumented; what is tried here is what is
// made of what they give.

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lipsound2/video/face_clip.h"
#include "lipsound2/video/recording.h"

#include "fuzz/expect.h"
#include "fuzz/memory_file.h"

namespace lipsound2::fuzz {
namespace {

constexpr std::initializer_list<ErrorKind> kRefused = {ErrorKind::kData};
constexpr double kTick = 0.05;  // seconds

std::optional<video::Span> part_of(std::uint8_t start, std::uint8_t length) {
  if (start == 0)
    return std::nullopt;
  return video::Span{(start - 1) * kTick, (start - 1 + length) * kTick};
}

void check_clip(const video::FaceClip& clip, const video::FaceClipConfig& config) {
  expect(!clip.faces.empty(), "a clip has pictures");
  for (const video::Image& face : clip.faces)
    expect(face.width == config.size && face.height == config.size, "all crops have one size");
  const double samples = static_cast<double>(clip.faces.size() * config.rate) / config.fps;
  expect(std::llround(samples) == static_cast<long long>(clip.sound.samples.size()),
         "sound and pictures are equally long");
  for (const float sample : clip.sound.samples)
    expect(std::isfinite(sample), "samples are finite");
}

void read_video(std::string_view bytes) {
  static const MemoryFile file;
  static const video::FaceClipConfig config = {.size = 16, .min_seconds = 0.04};
  static video::FaceClipReader reader(config);
  if (bytes.size() < 2)
    return;
  const auto part =
      part_of(static_cast<std::uint8_t>(bytes[0]), static_cast<std::uint8_t>(bytes[1]));
  file.hold(bytes.substr(2));

  if (const auto recording =
          read_or_refuse(kRefused, [&] { return video::open_recording(file.path()); }))
    expect(std::isfinite(recording->start) && recording->seconds >= 0, "times are numbers");
  if (const auto levels = read_or_refuse(
          kRefused, [&] { return video::measure_sound_levels(file.path(), [](double) {}); }))
    expect(std::isfinite(levels->end()), "times are numbers");
  if (const auto clip = read_or_refuse(
          kRefused, [&] { return reader.read({.video = file.path(), .part = part}); }))
    check_clip(*clip, config);
  read_or_refuse(kRefused, [&] { return reader.stream(file.path(), [](const video::Image&) {}); });
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::read_video({reinterpret_cast<const char*>(data), size});
  return 0;
}
