#include "pcm_encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "finite_samples.h"

namespace lipsound2::audio {
namespace {

short as_pcm16(float x) {
  return static_cast<short>(std::clamp(std::lrint(x * 32768.0), -32768L, 32767L));
}

}  // namespace

SF_INFO pcm16_info(int container, int rate) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = container | SF_FORMAT_PCM_16;
  return info;
}

PcmEncoder::PcmEncoder(SoundHandle file, int rate, std::string name)
    : file_(std::move(file)), rate_(rate), name_(std::move(name)) {
  require(file_ != nullptr,
          ErrorKind::kIo,
          "{}: cannot write at {} Hz: {}",
          name_,
          rate,
          sf_strerror(nullptr));
}

void PcmEncoder::write(std::span<const float> samples) {
  require_finite(samples, ErrorKind::kNumeric, name_, written_);
  std::vector<short> pcm(samples.size());
  std::ranges::transform(samples, pcm.begin(), as_pcm16);
  const auto count = static_cast<sf_count_t>(pcm.size());
  require(sf_writef_short(file_.get(), pcm.data(), count) == count,
          ErrorKind::kIo,
          "{}: cannot write: {}",
          name_,
          sf_strerror(file_.get()));
  written_ += count;
}

void PcmEncoder::close() {
  const int code = sf_close(file_.release());
  require(code == 0, ErrorKind::kIo, "{}: cannot write: {}", name_, sf_error_number(code));
}

double PcmEncoder::seconds() const {
  return static_cast<double>(written_) / rate_;
}

}  // namespace lipsound2::audio
