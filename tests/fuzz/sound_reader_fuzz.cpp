// Any bytes as a sound file: read whole, read in pieces, brought to another rate.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "lipsound2/audio/resample.h"
#include "lipsound2/audio/sound_file.h"
#include "lipsound2/audio/sound_stream.h"
#include "lipsound2/core/error.h"

#include "fuzz/expect.h"

namespace lipsound2::fuzz {
namespace {

constexpr std::size_t kMostResampled = 1 << 16;

std::optional<audio::Waveform> read_whole(const std::string& bytes) {
  try {
    return audio::decode_sound(bytes, "fuzz");
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<audio::Waveform> read_in_pieces(const std::string& bytes, std::int64_t count) {
  try {
    audio::SoundReader reader(bytes, "fuzz");
    audio::Waveform sound{{}, reader.rate()};
    for (auto piece = reader.read(count); !piece.empty(); piece = reader.read(count))
      sound.samples.insert(sound.samples.end(), piece.begin(), piece.end());
    return sound;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void read_and_resample(const std::string& bytes) {
  auto sound = read_whole(bytes);
  const auto pieces = read_in_pieces(bytes, 777);
  if (!sound) {
    expect(!pieces || pieces->samples.empty(), "what cannot be read whole cannot be in pieces");
    return;
  }
  expect(!sound->samples.empty(), "a sound has samples");
  expect(std::ranges::all_of(sound->samples, [](float x) { return std::isfinite(x); }),
         "samples are finite");
  expect(pieces && pieces->samples == sound->samples && pieces->rate == sound->rate,
         "pieces make the whole");
  sound->samples.resize(std::min(sound->samples.size(), kMostResampled));
  for (const int rate : {audio::kLowestRate, 16000, 44100})
    expect(audio::resample(*sound, rate).rate == rate, "any sound can be resampled");
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::read_and_resample({reinterpret_cast<const char*>(data), size});
  return 0;
}
