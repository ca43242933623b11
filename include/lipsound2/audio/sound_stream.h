#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::audio {

/// A sound of any format that libsndfile reads, piece by piece; channels are averaged to mono.
///
/// Throws kIo when the file cannot be opened, kData when it is no sound file, has a rate outside of
/// kLowestRate to kHighestRate, is cut short or damaged, or holds NaN or infinite samples, each
/// naming the file. Memory is taken for the samples that are there, not for those that the header
/// promises.
class SoundReader {
 public:
  explicit SoundReader(const std::filesystem::path& path);
  /// From the bytes of a file; `name` is what errors (kData) call them.
  SoundReader(std::string bytes, std::string name);
  ~SoundReader();

  int rate() const;
  int channels() const;
  /// The next samples, at most `count`; fewer at the end, none after it.
  std::vector<float> read(std::int64_t count);
  /// All samples that are left. Throws kData when there are none.
  Waveform read_rest();

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
