#include "lipsound2/audio/sound_stream.h"

#include <algorithm>
#include <cmath>

#include <sndfile.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::audio {
namespace {

using StreamHandle = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

short as_pcm(float x) {
  return static_cast<short>(std::clamp(std::lrint(x * 32768.0), -32768L, 32767L));
}

}  // namespace

struct SoundReader::State {
  SF_INFO info{};
  StreamHandle file{nullptr, &sf_close};
};

SoundReader::SoundReader(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  require(std::filesystem::is_regular_file(path),
          ErrorKind::kIo,
          "{}: cannot read: no such file",
          path.string());
  state_->file.reset(sf_open(path.c_str(), SFM_READ, &state_->info));
  require(state_->file != nullptr,
          ErrorKind::kData,
          "{}: expected a sound file, found something else: {}",
          path.string(),
          sf_strerror(nullptr));
}

SoundReader::~SoundReader() = default;

int SoundReader::rate() const {
  return state_->info.samplerate;
}

int SoundReader::channels() const {
  return state_->info.channels;
}

std::vector<float> SoundReader::read(std::int64_t count) {
  const auto channels = static_cast<std::size_t>(state_->info.channels);
  std::vector<float> interleaved(static_cast<std::size_t>(count) * channels);
  const sf_count_t frames = sf_readf_float(state_->file.get(), interleaved.data(), count);
  std::vector<float> mono(static_cast<std::size_t>(frames));
  for (std::size_t i = 0; i < mono.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < channels; ++c)
      sum += interleaved[i * channels + c];
    mono[i] = static_cast<float>(sum / static_cast<double>(channels));
  }
  return mono;
}

struct WavWriter::State {
  std::string name;
  AtomicFile target;
  StreamHandle file{nullptr, &sf_close};
  int rate;
  std::int64_t written = 0;
};

WavWriter::WavWriter(const std::filesystem::path& path, int rate)
    : state_(new State{.name = path.string(), .target = AtomicFile(path), .rate = rate}) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  state_->file.reset(
      sf_open_fd(state_->target.descriptor(), SFM_WRITE, &info, /*close_desc=*/SF_FALSE));
  require(state_->file != nullptr,
          ErrorKind::kIo,
          "{}: cannot write at {} Hz: {}",
          state_->name,
          rate,
          sf_strerror(nullptr));
}

WavWriter::~WavWriter() = default;

void WavWriter::write(std::span<const float> samples) {
  const auto bad = std::ranges::find_if(samples, [](float x) { return !std::isfinite(x); });
  if (bad != samples.end())
    fail(ErrorKind::kNumeric,
         "{}: expected finite samples, found {} at {}",
         state_->name,
         *bad,
         state_->written + (bad - samples.begin()));
  std::vector<short> pcm(samples.size());
  std::ranges::transform(samples, pcm.begin(), as_pcm);
  const auto count = static_cast<sf_count_t>(pcm.size());
  require(sf_writef_short(state_->file.get(), pcm.data(), count) == count,
          ErrorKind::kIo,
          "{}: cannot write: {}",
          state_->name,
          sf_strerror(state_->file.get()));
  state_->written += count;
}

void WavWriter::commit() {
  SNDFILE* const file = state_->file.release();
  const int code = sf_close(file);  // writes the final header
  require(code == 0, ErrorKind::kIo, "{}: cannot write: {}", state_->name, sf_error_number(code));
  state_->target.commit();
}

double WavWriter::seconds() const {
  return static_cast<double>(state_->written) / state_->rate;
}

}  // namespace lipsound2::audio
