#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <numbers>
#include <string>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/jpeg.h"
#include "lipsound2/data/manifest.h"
#include "lipsound2/data/shard.h"

/// A corpus that needs no recordings: gray pictures of a blob that moves up and down, and a tone
/// whose pitch follows it. Programs that use it link lipsound2_data.
namespace lipsound2::testing {

constexpr int kToySide = 112;
constexpr int kToyRate = 16000;
constexpr int kToyFps = 25;

/// Height of the blob at `time` seconds of clip `clip`: 0 (bottom) to 1. Every clip moves in its
/// own way.
inline double toy_height(int clip, double time) {
  const double speed = 0.5 + 0.25 * (clip % 5);
  const double phase = 2.399 * clip;
  return 0.5 + 0.5 * std::sin(2 * std::numbers::pi * speed * time + phase);
}

/// A bright Gaussian blob on gray; color pictures have a red one.
inline data::Picture toy_picture(double height, int side = kToySide, int channels = 1) {
  data::Picture picture{side, side, channels, {}};
  picture.pixels.reserve(static_cast<std::size_t>(side) * side * channels);
  const double row = side * (0.8 - 0.6 * height);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double dx = (x - 0.5 * side) / (0.12 * side);
      const double dy = (y - row) / (0.12 * side);
      const double glow = std::exp(-0.5 * (dx * dx + dy * dy));
      for (int c = 0; c < channels; ++c)
        picture.pixels.push_back(static_cast<std::uint8_t>(64 + (c == 0 ? 180 : 20) * glow));
    }
  }
  return picture;
}

/// A tone of 200 Hz (blob at the bottom) to 800 Hz (top), as long as so many pictures.
inline audio::Waveform toy_sound(int clip, int frames) {
  audio::Waveform sound{{}, kToyRate};
  double turns = 0;
  for (int i = 0; i < frames * (kToyRate / kToyFps); ++i) {
    turns += (200 + 600 * toy_height(clip, static_cast<double>(i) / kToyRate)) / kToyRate;
    sound.samples.push_back(static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * turns)));
  }
  return sound;
}

inline data::StoredClip toy_clip(const std::string& id, int clip, int frames, int channels = 1) {
  data::StoredClip stored{id, {}, audio::encode_flac(toy_sound(clip, frames))};
  for (int t = 0; t < frames; ++t) {
    const double time = (t + 0.5) / kToyFps;
    const data::Picture picture = toy_picture(toy_height(clip, time), kToySide, channels);
    stored.faces.push_back(data::encode_jpeg(picture, /*quality=*/90));
  }
  return stored;
}

/// Of five clips in a row the fourth is "valid", the fifth "test".
inline data::ManifestEntry toy_entry(int clip, int frames) {
  data::ManifestEntry entry;
  entry.id = "toy/clip" + std::to_string(clip);
  entry.speaker = "toy";
  entry.split = clip % 5 == 3 ? "valid" : clip % 5 == 4 ? "test" : "train";
  entry.text = "clip " + std::to_string(clip);
  entry.frames = frames;
  entry.fps = kToyFps;
  entry.samples = static_cast<std::int64_t>(frames) * (kToyRate / kToyFps);
  entry.rate = kToyRate;
  entry.shard = "shard-" + std::to_string(clip / 8) + ".tar";
  return entry;
}

/// Writes shards of eight clips and manifest.jsonl into the folder; returns the manifest. With five
/// clips or more all three splits are there.
inline std::filesystem::path write_toy_corpus(const std::filesystem::path& folder,
                                              int clips,
                                              int frames) {
  make_folder(folder);
  std::string manifest;
  std::unique_ptr<data::ShardWriter> shard;
  for (int clip = 0; clip < clips; ++clip) {
    data::ManifestEntry entry = toy_entry(clip, frames);
    if (!shard)
      shard = std::make_unique<data::ShardWriter>(folder / entry.shard);
    shard->add(entry, toy_clip(entry.id, clip, frames));
    manifest += to_json_line(entry) + "\n";
    if (clip % 8 == 7 || clip + 1 == clips) {
      shard->commit();
      shard.reset();
    }
  }
  write_file(folder / "manifest.jsonl", manifest);
  return folder / "manifest.jsonl";
}

}  // namespace lipsound2::testing
