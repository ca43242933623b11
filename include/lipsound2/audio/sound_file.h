#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "lipsound2/audio/waveform.h"

namespace lipsound2::audio {

/// All of what a SoundReader reads, with its errors. Throws kData when there are no samples.
Waveform read_sound(const std::filesystem::path& path);
/// As read_sound(), from bytes; `name` is what errors (kData) call them.
Waveform decode_sound(std::string_view bytes, const std::string& name);

/// What a WavWriter writes: whole or not at all. Throws kNumeric when a sample is not finite.
void write_wav(const std::filesystem::path& path, const Waveform& sound);
/// The same bytes in memory.
std::string encode_wav(const Waveform& sound);
/// 16-bit FLAC in memory, samples clipped to [-1, 1]; errors as those of encode_wav().
std::string encode_flac(const Waveform& sound);

}  // namespace lipsound2::audio
