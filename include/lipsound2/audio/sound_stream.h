#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace lipsound2::audio {

/// A sound file of any format that libsndfile reads, piece by piece; channels are averaged to mono.
/// Throws kIo when the file cannot be opened, kData when it is no sound file.
class SoundReader {
 public:
  explicit SoundReader(const std::filesystem::path& path);
  ~SoundReader();

  int rate() const;
  int channels() const;
  /// The next samples, at most `count`; fewer at the end, none after it.
  std::vector<float> read(std::int64_t count);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A 16-bit PCM WAV file written piece by piece, samples clipped to [-1, 1]. It appears whole at
/// commit() or not at all. Throws kIo when it cannot be written, kNumeric when a sample is not
/// finite.
class WavWriter {
 public:
  WavWriter(const std::filesystem::path& path, int rate);
  ~WavWriter();

  void write(std::span<const float> samples);
  void commit();
  /// Seconds written so far.
  double seconds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lipsound2::audio
