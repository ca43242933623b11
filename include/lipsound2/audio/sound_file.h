#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::audio {

/// Any format libsndfile reads; channels are averaged to mono. Throws kIo when the file cannot be
/// opened, kData when it is not a sound file, holds no samples, is cut short or holds NaN or
/// infinite samples, each naming the file.
Waveform read_sound(const std::filesystem::path& path);

/// 16-bit PCM WAV, samples clipped to [-1, 1], written whole or not at all. Throws kNumeric when a
/// sample is not finite.
void write_wav(const std::filesystem::path& path, const Waveform& sound);

/// 16-bit PCM WAV in memory, samples clipped to [-1, 1].
std::string encode_wav(const Waveform& sound);
/// 16-bit FLAC in memory, samples clipped to [-1, 1].
std::string encode_flac(const Waveform& sound);
/// As read_sound(), from bytes; `name` is what errors (kData) call them.
Waveform decode_sound(std::string_view bytes, const std::string& name);

}  // namespace lipsound2::audio
