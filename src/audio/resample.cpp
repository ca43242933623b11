#include "lipsound2/audio/resample.h"

#include <cstdint>
#include <memory>
#include <span>

#include <c10/util/Exception.h>
#include <soxr.h>

#include "lipsound2/core/error.h"

namespace lipsound2::audio {
namespace {

using ResamplerHandle = std::unique_ptr<soxr, void (*)(soxr_t)>;

ResamplerHandle open_resampler(int from, int to) {
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_error_t error = nullptr;
  ResamplerHandle resampler(
      soxr_create(from, to, /*num_channels=*/1, &error, nullptr, &quality, nullptr), &soxr_delete);
  TORCH_CHECK(!error, "soxr: ", soxr_strerror(error));
  return resampler;
}

/// Takes from `samples` (none: the end) and makes what it can; whether it did anything. soxr wants
/// to be called again until it has nothing more to give: soxr_oneshot() loses the end.
bool advance(soxr_t resampler, std::span<const float>& samples, std::span<float>& result) {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  const soxr_error_t error = soxr_process(resampler,
                                          samples.empty() ? nullptr : samples.data(),
                                          samples.size(),
                                          &consumed,
                                          result.data(),
                                          result.size(),
                                          &produced);
  TORCH_CHECK(!error, "soxr: ", soxr_strerror(error));
  samples = samples.subspan(consumed);
  result = result.subspan(produced);
  return consumed + produced > 0;
}

}  // namespace

Waveform resample(const Waveform& sound, int rate) {
  for (const int of_two : {sound.rate, rate})
    require(of_two >= kLowestRate && of_two <= kHighestRate,
            ErrorKind::kData,
            "resampling: expected sample rates of {} to {} Hz, found {} Hz",
            kLowestRate,
            kHighestRate,
            of_two);
  if (sound.rate == rate || sound.samples.empty())
    return {sound.samples, rate};
  const auto from = static_cast<std::uint64_t>(sound.rate);
  const auto to = static_cast<std::uint64_t>(rate);
  Waveform result{std::vector<float>((sound.samples.size() * to + from / 2) / from), rate};
  const ResamplerHandle resampler = open_resampler(sound.rate, rate);
  std::span<const float> left(sound.samples);
  std::span<float> missing(result.samples);
  while (!missing.empty() && advance(resampler.get(), left, missing)) {
  }
  TORCH_CHECK(missing.size() <= 1, "soxr left out ", missing.size(), " samples of ", rate, " Hz");
  return result;  // of one that is missing: silence
}

}  // namespace lipsound2::audio
