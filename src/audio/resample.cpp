#include "lipsound2/audio/resample.h"

#include <cstdint>

#include <c10/util/Exception.h>
#include <soxr.h>

#include "lipsound2/core/error.h"

namespace lipsound2::audio {

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
  const std::size_t expected = (sound.samples.size() * to + from / 2) / from;
  Waveform result{std::vector<float>(expected), rate};
  if (expected == 0)
    return result;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  std::size_t consumed = 0;
  std::size_t produced = 0;  // soxr may make one sample less: the last one is then silence
  const soxr_error_t error = soxr_oneshot(sound.rate,
                                          rate,
                                          /*num_channels=*/1,
                                          sound.samples.data(),
                                          sound.samples.size(),
                                          &consumed,
                                          result.samples.data(),
                                          expected,
                                          &produced,
                                          /*io_spec=*/nullptr,
                                          &quality,
                                          /*runtime_spec=*/nullptr);
  TORCH_CHECK(!error, "soxr: ", soxr_strerror(error));
  TORCH_CHECK(produced + 1 >= expected, "soxr made ", produced, " of ", expected, " samples");
  return result;
}

}  // namespace lipsound2::audio
