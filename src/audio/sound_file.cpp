#include "lipsound2/audio/sound_file.h"

#include <sstream>

#include "lipsound2/audio/sound_stream.h"

#include "pcm_encoder.h"

namespace lipsound2::audio {
namespace {

std::string encode_pcm16(const Waveform& sound, int container, const std::string& name) {
  std::stringbuf bytes;
  VirtualFile file(bytes);
  SF_INFO info = pcm16_info(container, sound.rate);
  PcmEncoder encoder(file.open(SFM_WRITE, info), sound.rate, name);
  encoder.write(sound.samples);
  encoder.close();
  return std::move(bytes).str();
}

}  // namespace

Waveform read_sound(const std::filesystem::path& path) {
  return SoundReader(path).read_rest();
}

Waveform decode_sound(std::string_view bytes, const std::string& name) {
  return SoundReader(std::string(bytes), name).read_rest();
}

void write_wav(const std::filesystem::path& path, const Waveform& sound) {
  WavWriter writer(path, sound.rate);
  writer.write(sound.samples);
  writer.commit();
}

std::string encode_wav(const Waveform& sound) {
  return encode_pcm16(sound, SF_FORMAT_WAV, "sound to encode as WAV");
}

std::string encode_flac(const Waveform& sound) {
  return encode_pcm16(sound, SF_FORMAT_FLAC, "sound to encode as FLAC");
}

}  // namespace lipsound2::audio
