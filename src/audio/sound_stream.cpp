#include "lipsound2/audio/sound_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "finite_samples.h"
#include "pcm_encoder.h"
#include "virtual_file.h"

namespace lipsound2::audio {
namespace {

using BytesPtr = std::unique_ptr<std::streambuf>;

/// What is no regular file, a pipe say, cannot be sought in: it is read whole.
BytesPtr open_bytes(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return std::make_unique<std::stringbuf>(read_file(path), std::ios::in);
  auto file = std::make_unique<std::filebuf>();
  if (!file->open(path, std::ios::in | std::ios::binary))
    fail(ErrorKind::kIo, "{}: cannot read: {}", path.string(), std::strerror(errno));
  return file;
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

/// libsndfile silently shortens a WAV whose data chunk promises more bytes than there are; this
/// does not. Programs that write to a pipe promise close to 2 or 4 GiB: that means "unknown".
void require_whole_wav(VirtualFile& file, const std::string& name) {
  constexpr std::uint32_t kUnknownLength = 0x7ffff000;
  constexpr sf_count_t kChunkHeader = 8;
  const std::string riff = file.bytes_at(0, 12);
  if (!riff.starts_with("RIFF") || !riff.ends_with("WAVE"))
    return;
  for (sf_count_t at = 12; at + kChunkHeader <= file.size();) {
    const std::string chunk = file.bytes_at(at, kChunkHeader);
    const std::uint32_t promised = little_endian(std::string_view(chunk).substr(4));
    const sf_count_t present = file.size() - at - kChunkHeader;
    if (chunk.starts_with("data")) {
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

void append_means(std::vector<float>& means, std::span<const float> interleaved, int channels) {
  if (channels == 1) {
    means.insert(means.end(), interleaved.begin(), interleaved.end());
    return;
  }
  const auto width = static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < interleaved.size(); i += width) {
    double sum = 0;
    for (const float x : interleaved.subspan(i, width))
      sum += x;
    means.push_back(static_cast<float>(sum / channels));
  }
}

SoundHandle open_wav(const AtomicFile& file, int rate) {
  SF_INFO info = pcm16_info(SF_FORMAT_WAV, rate);
  return {sf_open_fd(file.descriptor(), SFM_WRITE, &info, /*close_desc=*/SF_FALSE), &sf_close};
}

}  // namespace

struct SoundReader::State {
  State(BytesPtr opened, std::string given_name)
      : name(std::move(given_name)), bytes(std::move(opened)), file(*bytes) {
    require(file.size() > 0, ErrorKind::kData, "{}: expected a sound file, found 0 bytes", name);
    require_whole_wav(file, name);
    file.seek(0, SEEK_SET);
    handle = file.open(SFM_READ, info);
    require(handle != nullptr,
            ErrorKind::kData,
            "{}: expected a sound file, found something else: {}",
            name,
            sf_strerror(nullptr));
    require(info.samplerate >= kLowestRate && info.samplerate <= kHighestRate,
            ErrorKind::kData,
            "{}: expected a sample rate of {} to {} Hz, found {} Hz",
            name,
            kLowestRate,
            kHighestRate,
            info.samplerate);
  }

  /// Reads on; false at the end. Blocks are as long whatever is asked for: of damaged MP3 files
  /// libsndfile reads other samples in other blocks.
  bool read_block() {
    constexpr sf_count_t kBlockSamples = 1 << 16;  // of all channels: 1024 at most
    const sf_count_t most = std::clamp<sf_count_t>(info.frames, 1, kBlockSamples / info.channels);
    block.resize(static_cast<std::size_t>(most * info.channels));
    const sf_count_t frames = sf_readf_float(handle.get(), block.data(), most);
    const auto samples = std::span(block).first(static_cast<std::size_t>(frames * info.channels));
    const std::size_t before = ahead.size();
    append_means(ahead, samples, info.channels);
    require_finite(std::span(ahead).subspan(before), ErrorKind::kData, name, position);
    position += frames;
    if (frames == 0)
      require_all_read();
    return frames > 0;
  }

  void require_all_read() const {
    require((info.frames >= SF_COUNT_MAX || position >= info.frames) &&
                sf_error(handle.get()) == SF_ERR_NO_ERROR,
            ErrorKind::kData,
            "{}: expected {} samples, found {}: the file is cut short or damaged",
            name,
            info.frames,
            position);
  }

  std::string name;
  BytesPtr bytes;
  VirtualFile file;
  SF_INFO info{};
  SoundHandle handle{nullptr, &sf_close};
  std::int64_t position = 0;
  std::vector<float> block;  ///< as libsndfile gives it, all channels
  std::vector<float> ahead;  ///< read, but not asked for yet
};

SoundReader::SoundReader(const std::filesystem::path& path)
    : state_(std::make_unique<State>(open_bytes(path), path.string())) {}

SoundReader::SoundReader(std::string bytes, std::string name)
    : state_(std::make_unique<State>(
          std::make_unique<std::stringbuf>(std::move(bytes), std::ios::in), std::move(name))) {}

SoundReader::~SoundReader() = default;

int SoundReader::rate() const {
  return state_->info.samplerate;
}

int SoundReader::channels() const {
  return state_->info.channels;
}

std::vector<float> SoundReader::read(std::int64_t count) {
  std::vector<float>& ahead = state_->ahead;
  while (std::ssize(ahead) < count && state_->read_block()) {
  }
  if (std::ssize(ahead) <= count)
    return std::exchange(ahead, {});
  const auto end = ahead.begin() + count;
  std::vector<float> samples(ahead.begin(), end);
  ahead.erase(ahead.begin(), end);
  return samples;
}

Waveform SoundReader::read_rest() {
  Waveform sound{read(std::numeric_limits<std::int64_t>::max()), rate()};
  require(!sound.samples.empty(),
          ErrorKind::kData,
          "{}: expected sound, found no samples",
          state_->name);
  return sound;
}

struct WavWriter::State {
  State(const std::filesystem::path& path, int rate)
      : target(path), encoder(open_wav(target, rate), rate, path.string()) {}

  AtomicFile target;
  PcmEncoder encoder;
};

WavWriter::WavWriter(const std::filesystem::path& path, int rate)
    : state_(std::make_unique<State>(path, rate)) {}

WavWriter::~WavWriter() = default;

void WavWriter::write(std::span<const float> samples) {
  state_->encoder.write(samples);
}

void WavWriter::commit() {
  state_->encoder.close();
  state_->target.commit();
}

double WavWriter::seconds() const {
  return state_->encoder.seconds();
}

}  // namespace lipsound2::audio
