#include "lipsound2/audio/sound_file.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>

#include <sndfile.h>

#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::audio {
namespace {

/// Bytes that libsndfile reads and writes as if they were a file.
struct MemoryFile {
  std::string bytes;
  sf_count_t position = 0;

  sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }
};

MemoryFile& memory(void* user) {
  return *static_cast<MemoryFile*>(user);
}

sf_count_t memory_size(void* user) {
  return memory(user).size();
}

sf_count_t memory_tell(void* user) {
  return memory(user).position;
}

sf_count_t memory_seek(sf_count_t offset, int whence, void* user) {
  MemoryFile& file = memory(user);
  const sf_count_t origin = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? file.position
                                                 : file.size();
  file.position = std::max<sf_count_t>(0, origin + offset);
  return file.position;
}

sf_count_t memory_read(void* to, sf_count_t count, void* user) {
  MemoryFile& file = memory(user);
  const sf_count_t available = std::max<sf_count_t>(0, file.size() - file.position);
  const sf_count_t taken = std::clamp<sf_count_t>(count, 0, available);
  if (taken > 0)
    std::memcpy(to, file.bytes.data() + file.position, static_cast<std::size_t>(taken));
  file.position += taken;
  return taken;
}

sf_count_t memory_write(const void* from, sf_count_t count, void* user) {
  MemoryFile& file = memory(user);
  if (file.position + count > file.size())
    file.bytes.resize(static_cast<std::size_t>(file.position + count));
  std::memcpy(file.bytes.data() + file.position, from, static_cast<std::size_t>(count));
  file.position += count;
  return count;
}

using SoundHandle = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

SoundHandle open_memory(MemoryFile& file, int mode, SF_INFO& info) {
  SF_VIRTUAL_IO io{&memory_size, &memory_seek, &memory_read, &memory_write, &memory_tell};
  return {sf_open_virtual(&io, mode, &info, &file), &sf_close};
}

std::uint32_t little_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// libsndfile silently shortens a WAV whose data chunk promises more bytes than there are; this
/// does not. Programs that write to a pipe promise close to 2 or 4 GiB: that means "unknown".
void require_whole_wav(std::string_view bytes, const std::string& name) {
  constexpr std::uint32_t kUnknownLength = 0x7ffff000;
  constexpr std::size_t kChunkHeader = 8;
  if (bytes.size() < 12 || bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE")
    return;
  std::size_t at = 12;
  while (at + kChunkHeader <= bytes.size()) {
    const std::size_t promised = little_endian(bytes.data() + at + 4);
    const std::size_t present = bytes.size() - at - kChunkHeader;
    if (bytes.substr(at, 4) == "data") {
      require(promised <= present || promised >= kUnknownLength,
              ErrorKind::kData,
              "{}: expected {} bytes of samples, found {}: the file is cut short",
              name,
              promised,
              present);
      return;
    }
    at += kChunkHeader + promised + promised % 2;
  }
}

/// Interleaved samples until the end of the file.
std::vector<float> read_interleaved(SNDFILE* file, const SF_INFO& info, const std::string& name) {
  constexpr sf_count_t kBlockFrames = 1 << 16;
  std::vector<float> samples;
  sf_count_t frames = 0;
  for (sf_count_t count = 1; count > 0; frames += count) {
    samples.resize(static_cast<std::size_t>((frames + kBlockFrames) * info.channels));
    count = sf_readf_float(file, samples.data() + frames * info.channels, kBlockFrames);
  }
  samples.resize(static_cast<std::size_t>(frames * info.channels));
  const int error = sf_error(file);
  require(frames > 0, ErrorKind::kData, "{}: expected sound, found no samples", name);
  require((info.frames >= SF_COUNT_MAX || frames >= info.frames) && error == SF_ERR_NO_ERROR,
          ErrorKind::kData,
          "{}: expected {} samples, found {}: the file is cut short or damaged",
          name,
          info.frames,
          frames);
  return samples;
}

void require_finite(const std::vector<float>& samples, ErrorKind kind, const std::string& name) {
  const auto bad =
      std::find_if(samples.begin(), samples.end(), [](float x) { return !std::isfinite(x); });
  if (bad != samples.end())
    fail(kind, "{}: expected finite samples, found {} at {}", name, *bad, bad - samples.begin());
}

std::vector<float> average_channels(std::vector<float> interleaved, int channels) {
  if (channels == 1)
    return interleaved;
  const auto width = static_cast<std::size_t>(channels);
  std::vector<float> mono(interleaved.size() / width);
  for (std::size_t i = 0; i < mono.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c)
      sum += interleaved[i * width + c];
    mono[i] = static_cast<float>(sum / channels);
  }
  return mono;
}

std::string encode_pcm16(const Waveform& sound, int container, const std::string& name) {
  require_finite(sound.samples, ErrorKind::kNumeric, name);
  std::vector<short> pcm(sound.samples.size());
  std::transform(sound.samples.begin(), sound.samples.end(), pcm.begin(), [](float x) {
    return static_cast<short>(std::clamp(std::lrint(x * 32768.0), -32768L, 32767L));
  });
  MemoryFile memory_file;
  SF_INFO info{};
  info.samplerate = sound.rate;
  info.channels = 1;
  info.format = container | SF_FORMAT_PCM_16;
  SoundHandle file = open_memory(memory_file, SFM_WRITE, info);
  require(file != nullptr,
          ErrorKind::kData,
          "{}: cannot encode at {} Hz: {}",
          name,
          sound.rate,
          sf_strerror(nullptr));
  const auto frames = static_cast<sf_count_t>(pcm.size());
  require(sf_writef_short(file.get(), pcm.data(), frames) == frames,
          ErrorKind::kData,
          "{}: cannot encode: {}",
          name,
          sf_strerror(file.get()));
  file.reset();  // writes the last block and the final header
  return std::move(memory_file.bytes);
}

}  // namespace

Waveform decode_sound(std::string_view bytes, const std::string& name) {
  require(!bytes.empty(), ErrorKind::kData, "{}: expected a sound file, found 0 bytes", name);
  require_whole_wav(bytes, name);
  MemoryFile memory_file{std::string(bytes)};
  SF_INFO info{};
  const SoundHandle file = open_memory(memory_file, SFM_READ, info);
  require(file != nullptr,
          ErrorKind::kData,
          "{}: expected a sound file, found something else: {}",
          name,
          sf_strerror(nullptr));
  std::vector<float> interleaved = read_interleaved(file.get(), info, name);
  require_finite(interleaved, ErrorKind::kData, name);
  return {average_channels(std::move(interleaved), info.channels), info.samplerate};
}

Waveform read_sound(const std::filesystem::path& path) {
  return decode_sound(read_file(path), path.string());
}

std::string encode_wav(const Waveform& sound) {
  return encode_pcm16(sound, SF_FORMAT_WAV, "sound to encode as WAV");
}

std::string encode_flac(const Waveform& sound) {
  return encode_pcm16(sound, SF_FORMAT_FLAC, "sound to encode as FLAC");
}

void write_wav(const std::filesystem::path& path, const Waveform& sound) {
  WavWriter writer(path, sound.rate);
  writer.write(sound.samples);
  writer.commit();
}

}  // namespace lipsound2::audio
