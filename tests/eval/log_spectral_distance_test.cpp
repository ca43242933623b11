#include "lipsound2/eval/log_spectral_distance.h"

#include <cmath>

#include <gmock/gmock.h>

#include "support/test_speech.h"

namespace lipsound2::eval {
namespace {

void expect_lsd(int rate, double expected) {
  const auto distance = log_spectral_distance(
      make_test_speech({.rate = rate}),
      make_test_speech({.rate = rate, .pitch = 1.05, .noise = 0.01, .seed = 2}));

  EXPECT_NEAR(distance.value(), expected, 1e-5) << rate;
}

// numpy 2.4.6, scipy 1.17.1 and librosa 0.11.0, printed by
// scripts/reference/make_companions_reference.py.
TEST(LogSpectralDistanceReference, AgreesAtThreeRates) {
  expect_lsd(8000, 15.479401018);
  expect_lsd(16000, 15.622198505);
  expect_lsd(44100, 15.342677523);
}

TEST(LogSpectralDistanceReference, CutsTheLongerSound) {
  const auto reference = make_test_speech({});
  const auto fast =
      make_test_speech({.seconds = 1.7, .pitch = 1.05, .tempo = 1.2, .noise = 0.01, .seed = 2});

  EXPECT_NEAR(log_spectral_distance(reference, fast).value(), 17.319862993, 1e-5);
}

TEST(LogSpectralDistance, IsZeroForTheSoundItself) {
  EXPECT_EQ(log_spectral_distance(make_test_speech({}), make_test_speech({})).value(), 0);
}

// White noise keeps every bin within 80 dB of the largest one.
TEST(LogSpectralDistance, IsTheGainOfAConstantGain) {
  const audio::Waveform noise = make_test_speech({.noise = 0.2});
  audio::Waveform quiet = noise;
  for (float& sample : quiet.samples)
    sample *= 0.5F;

  EXPECT_NEAR(log_spectral_distance(noise, quiet).value(), 20 * std::log10(2), 0.01);
}

TEST(LogSpectralDistance, RisesWithNoise) {
  double before = 0;
  for (const double noise : {0.004, 0.02, 0.1}) {
    const double distance =
        log_spectral_distance(make_test_speech({}), make_test_speech({.noise = noise, .seed = 2}))
            .value();

    EXPECT_GT(distance, before);
    before = distance;
  }
}

TEST(LogSpectralDistance, ScoresSilenceAsBadAndNotAsUnknown) {
  const audio::Waveform silence{std::vector<float>(32000), 16000};

  EXPECT_GT(log_spectral_distance(make_test_speech({}), silence).value(), 20);
}

TEST(LogSpectralDistance, CannotScoreSilentOrShortReferences) {
  const audio::Waveform silence{std::vector<float>(32000), 16000};
  const audio::Waveform shorter{std::vector<float>(511, 0.5F), 16000};

  EXPECT_FALSE(log_spectral_distance(silence, make_test_speech({})));
  EXPECT_FALSE(log_spectral_distance(shorter, make_test_speech({})));
  EXPECT_FALSE(log_spectral_distance(make_test_speech({}), shorter));
}

}  // namespace
}  // namespace lipsound2::eval
