#include "lipsound2/eval/mel_cepstral_distortion.h"

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "support/test_speech.h"

namespace lipsound2::eval {
namespace {

void expect_mcd(int rate, double plain, double warped) {
  const auto reference = make_test_speech({.rate = rate});
  const auto degraded = make_test_speech({.rate = rate, .pitch = 1.05, .noise = 0.01, .seed = 2});

  EXPECT_NEAR(mel_cepstral_distortion(reference, degraded).value(), plain, 1e-6) << rate;
  EXPECT_NEAR(mel_cepstral_distortion_dtw(reference, degraded).value(), warped, 1e-6) << rate;
}

// numpy 2.4.6, scipy 1.17.1 and librosa 0.11.0 (mel filters, time warping), printed by
// scripts/reference/make_companions_reference.py.
TEST(MelCepstralDistortionReference, AgreesAtThreeRates) {
  expect_mcd(8000, 6.965638573, 5.435619849);
  expect_mcd(16000, 6.980502667, 5.424990277);
  expect_mcd(44100, 6.526921714, 5.021060420);
}

TEST(MelCepstralDistortionReference, AgreesOnSpeechOfAnotherTempo) {
  const auto reference = make_test_speech({});
  const auto fast =
      make_test_speech({.seconds = 1.7, .pitch = 1.05, .tempo = 1.2, .noise = 0.01, .seed = 2});

  EXPECT_NEAR(mel_cepstral_distortion(reference, fast).value(), 12.398453737, 1e-6);
  EXPECT_NEAR(mel_cepstral_distortion_dtw(reference, fast).value(), 5.368358997, 1e-6);
}

TEST(MelCepstralDistortion, IsZeroForTheSoundItself) {
  const auto sound = make_test_speech({});

  EXPECT_EQ(mel_cepstral_distortion(sound, sound).value(), 0);
  EXPECT_EQ(mel_cepstral_distortion_dtw(sound, sound).value(), 0);
}

TEST(MelCepstralDistortion, DoesNotHearLoudness) {
  const auto sound = make_test_speech({});
  audio::Waveform quiet = sound;
  for (float& sample : quiet.samples)
    sample *= 0.125F;

  EXPECT_NEAR(mel_cepstral_distortion(sound, quiet).value(), 0, 1e-9);
  EXPECT_NEAR(mel_cepstral_distortion_dtw(sound, quiet).value(), 0, 1e-9);
}

TEST(MelCepstralDistortion, RisesWithNoise) {
  double before = 0;
  for (const double noise : {0.004, 0.02, 0.1}) {
    const double distortion =
        mel_cepstral_distortion(make_test_speech({}), make_test_speech({.noise = noise, .seed = 2}))
            .value();

    EXPECT_GT(distortion, before);
    before = distortion;
  }
}

// 50 ms are five frames: the warped frames are the same but for the noise at the end.
TEST(MelCepstralDistortion, FollowsADelayOnlyWhenWarped) {
  const auto sound = make_test_speech({});
  audio::Waveform late = sound;
  late.samples.insert(late.samples.begin(), 800, 0.0F);

  EXPECT_GT(mel_cepstral_distortion(sound, late).value(), 2);
  EXPECT_LT(mel_cepstral_distortion_dtw(sound, late).value(), 0.6);
}

TEST(MelCepstralDistortion, CannotScoreSilentOrShortSounds) {
  const auto sound = make_test_speech({});
  const audio::Waveform silence{std::vector<float>(32000), 16000};
  const audio::Waveform shorter{std::vector<float>(399, 0.5F), 16000};

  for (const auto& other : {silence, shorter, audio::Waveform{{}, 16000}}) {
    EXPECT_FALSE(mel_cepstral_distortion(sound, other));
    EXPECT_FALSE(mel_cepstral_distortion(other, sound));
    EXPECT_FALSE(mel_cepstral_distortion_dtw(sound, other));
    EXPECT_FALSE(mel_cepstral_distortion_dtw(other, sound));
  }
}

TEST(MelCepstralDistortion, RefusesToWarpLongSounds) {
  const audio::Waveform hum{std::vector<float>(165000, 0.5F), 1000};  // 16498 frames

  EXPECT_EQ(mel_cepstral_distortion(hum, hum).value(), 0);
  try {
    mel_cepstral_distortion_dtw(hum, hum);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr(
                    "expected at most 268435456 pairs of frames, found 16498 times 16498"));
  }
}

}  // namespace
}  // namespace lipsound2::eval
