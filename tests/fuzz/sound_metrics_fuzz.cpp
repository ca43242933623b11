// All metrics of two sounds whose rates, lengths and samples are taken from the bytes.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "lipsound2/eval/sound_metrics.h"

#include "fuzz/expect.h"
#include "support/test_speech.h"

namespace lipsound2::fuzz {
namespace {

constexpr std::size_t kLongest = 7000;  // samples, enough for STOI at 16 kHz
constexpr std::size_t kShort = 600;     // of most sounds: many more can be tried

/// How a sound is made. The first bytes of the input are two of these.
struct Recipe {
  std::uint32_t rate = 0;
  std::uint16_t length = 0;
  std::uint8_t kind = 0;
  std::uint8_t seed = 0;
};

using Bytes = std::span<const std::uint8_t>;

/// Usual rates, and some of all up to 384 kHz: those take long.
int rate_of(std::uint32_t chosen) {
  constexpr int kRates[] = {1,
                            999,
                            1000,
                            8000,
                            10000,
                            11025,
                            16000,
                            22050,
                            24000,
                            32000,
                            44100,
                            48000,
                            96000,
                            192000,
                            384000};
  const std::uint32_t index = chosen % (std::size(kRates) + 1);
  return index < std::size(kRates) ? kRates[index] : static_cast<int>(1 + chosen / 16 % 384000);
}

std::size_t length_of(std::uint16_t chosen) {
  return chosen / 8 % (chosen % 8 == 0 ? kLongest + 1 : kShort);
}

/// The bytes as samples over and over: any float there is.
std::vector<float> any_floats(Bytes bytes, std::size_t length) {
  std::vector<float> samples(length);
  for (std::size_t i = 0; i < length && bytes.size() >= sizeof(float); ++i) {
    const std::size_t place = i * sizeof(float) % (bytes.size() - sizeof(float) + 1);
    std::memcpy(&samples[i], bytes.data() + place, sizeof(float));
  }
  return samples;
}

std::vector<float> pcm8(Bytes bytes, std::size_t length) {
  std::vector<float> samples(length);
  for (std::size_t i = 0; i < length && !bytes.empty(); ++i)
    samples[i] = static_cast<float>(static_cast<std::int8_t>(bytes[i % bytes.size()])) / 128;
  return samples;
}

/// A voice, or noise where the pitch is 0, at a loudness of any float.
std::vector<float> speech(const Recipe& recipe, Bytes bytes, int rate, std::size_t length) {
  std::vector<float> samples = make_test_speech({.rate = rate,
                                                 .seconds = static_cast<double>(length + 1) / rate,
                                                 .pitch = recipe.seed % 8 / 4.0,
                                                 .noise = recipe.seed / 255.0,
                                                 .seed = recipe.seed})
                                   .samples;
  samples.resize(length);
  const std::vector<float> loudness = any_floats(bytes, 1);
  if (recipe.kind % 2 == 0 && loudness[0] != 0)
    for (float& sample : samples)
      sample *= loudness[0];
  return samples;
}

audio::Waveform make_sound(const Recipe& recipe, int rate, Bytes bytes) {
  const std::size_t length = length_of(recipe.length);
  switch (recipe.kind % 8) {
    case 0:
    case 1:
      return {any_floats(bytes, length), rate};
    case 2:
      return {pcm8(bytes, length), rate};
    default:
      return {speech(recipe, bytes, rate, length), rate};
  }
}

std::vector<std::string> all_metrics() {
  std::vector<std::string> names;
  for (const eval::SoundMetric& metric : eval::sound_metrics())
    names.push_back(metric.name);
  return names;
}

void score(Bytes bytes) {
  static const std::vector<std::string> metrics = all_metrics();
  Recipe recipes[2];
  if (bytes.size() < sizeof recipes)
    return;
  std::memcpy(recipes, bytes.data(), sizeof recipes);
  const Bytes samples = bytes.subspan(sizeof recipes);
  const int rate = rate_of(recipes[0].rate);
  const int other_rate = recipes[1].rate % 64 == 0 ? rate_of(recipes[1].rate / 64) : rate;
  const auto reference = make_sound(recipes[0], rate, samples.first(samples.size() / 2));
  const auto degraded = make_sound(recipes[1], other_rate, samples.subspan(samples.size() / 2));

  const eval::ClipScores clip = eval::score_sounds("fuzz", reference, degraded, metrics);

  for (const std::string& metric : metrics)
    expect(clip.scores.contains(metric) || clip.failure.find(metric) != std::string::npos,
           "each metric has a score or a reason");
  for (const auto& [metric, value] : clip.scores)
    expect(std::isfinite(value), "scores are finite");
  for (const char* metric : {"stoi", "estoi"})
    expect(!clip.scores.contains(metric) || std::abs(clip.scores.at(metric)) < 1 + 1e-9,
           "STOI is a correlation");
}

}  // namespace
}  // namespace lipsound2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lipsound2::fuzz::score({data, size});
  return 0;
}
