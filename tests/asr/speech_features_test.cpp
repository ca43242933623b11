#include "lipsound2/asr/speech_features.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lipsound2/core/error.h"

#include "support/test_speech.h"

namespace lipsound2::asr {
namespace {

audio::MelConfig jasper_mels() {
  return {.fft = 512, .window = 320, .bands = 64};
}

audio::Waveform speech() {
  return make_test_speech({.rate = 16000, .seconds = 1.0, .pitch = 1, .seed = 3});
}

TEST(SpeechFeatures, HaveMeanZeroAndDeviationOneInEveryBand) {
  const Tensor features = SpeechFeatures(jasper_mels())(speech(), "a");

  EXPECT_EQ(features.sizes(), (std::vector<std::int64_t>{100, 64}));
  EXPECT_LT(features.mean(0).abs().max().item<double>(), 1e-4);
  EXPECT_LT((features.std(0, /*unbiased=*/false) - 1).abs().max().item<double>(), 1e-3);
}

TEST(SpeechFeatures, DoNotDependOnLoudness) {
  audio::Waveform quiet = speech();
  for (float& sample : quiet.samples)
    sample *= 0.25F;
  const SpeechFeatures features(jasper_mels());

  const Tensor difference = features(quiet, "a") - features(speech(), "a");

  EXPECT_LT(difference.abs().max().item<double>(), 0.05);  // only what is near the floor differs
}

TEST(SpeechFeatures, OfSilenceAreZero) {
  const audio::Waveform silence{std::vector<float>(4000), 16000};
  EXPECT_LT(SpeechFeatures(jasper_mels())(silence, "a").abs().max().item<double>(), 0.01);
}

// What NeMo computes, step by step: pre-emphasis, powers of a symmetric window, 2^-24 added before
// the logarithm, deviation without bias and 1e-5 more.
TEST(SpeechFeatures, OfPowersAreThoseOfNeMo) {
  const audio::Waveform sound = speech();
  Tensor samples = torch::tensor(sound.samples);
  samples =
      torch::cat({samples.slice(0, 0, 1), samples.slice(0, 1) - 0.97 * samples.slice(0, 0, -1)});
  const Tensor window = torch::hann_window(320, /*periodic=*/false);
  const Tensor spectrum = torch::stft(samples,
                                      /*n_fft=*/512,
                                      /*hop_length=*/160,
                                      /*win_length=*/320,
                                      window,
                                      /*center=*/true,
                                      /*pad_mode=*/"reflect",
                                      /*normalized=*/false,
                                      /*onesided=*/true,
                                      /*return_complex=*/true);
  const Tensor powers = torch::matmul(audio::mel_filters(jasper_mels()), spectrum.abs().square());
  const Tensor mel = torch::log(powers.slice(1, 0, 100) + std::pow(2.0, -24)).t();
  const Tensor expected = (mel - mel.mean(0)) / (mel.std(0, /*unbiased=*/true) + 1e-5);

  const Tensor features = SpeechFeatures(
      jasper_mels(), {.pre_emphasis = 0.97, .spectrum = Spectrum::kPower})(sound, "a");

  EXPECT_LT((features - expected).abs().max().item<double>(), 1e-3);
  const Tensor others = SpeechFeatures(jasper_mels(), {.pre_emphasis = 0.97})(sound, "a");
  EXPECT_GT((others - expected).abs().max().item<double>(), 0.1);
}

TEST(SpeechFeatures, NameASoundThatIsTooShortOrOfAnotherRate) {
  const SpeechFeatures features(jasper_mels());
  const auto complaint = [&](const audio::Waveform& sound) -> std::string {
    try {
      features(sound, "short.wav");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };

  EXPECT_EQ(complaint({std::vector<float>(159), 16000}),
            "short.wav: expected one hop of 160 samples at 16000 Hz at least, found 159");
  EXPECT_EQ(complaint({std::vector<float>(999), 8000}),
            "short.wav: expected 16000 samples per second, found 8000");
}

// Cycles per second, by counting where the sign rises.
double pitch_of(const audio::Waveform& sound) {
  int rises = 0;
  for (std::size_t i = 1; i < sound.samples.size(); ++i)
    rises += sound.samples[i - 1] < 0 && sound.samples[i] >= 0 ? 1 : 0;
  return rises / sound.seconds();
}

TEST(AtSpeed, ChangesLengthAndPitchTogether) {
  audio::Waveform tone{{}, 16000};
  for (int i = 0; i < 32000; ++i)
    tone.samples.push_back(static_cast<float>(std::sin(2 * std::numbers::pi * 440 * i / 16000)));

  const audio::Waveform fast = at_speed(tone, 110), slow = at_speed(tone, 90);

  EXPECT_EQ(fast.rate, 16000);
  EXPECT_NEAR(fast.seconds(), 2 / 1.1, 1e-3);
  EXPECT_NEAR(slow.seconds(), 2 / 0.9, 1e-3);
  EXPECT_NEAR(pitch_of(fast), 484, 2);
  EXPECT_NEAR(pitch_of(slow), 396, 2);
  EXPECT_EQ(at_speed(tone, 100).samples, tone.samples);
}

TEST(Dither, HasItsDeviationAndFollowsTheSeed) {
  audio::Waveform first{std::vector<float>(20000), 16000};
  audio::Waveform second = first;
  Rng rng(5), again(5);

  add_dither(first, 1e-3, rng);
  add_dither(second, 1e-3, again);

  EXPECT_EQ(first.samples, second.samples);
  const Tensor noise = torch::tensor(c10::ArrayRef<float>(first.samples));
  EXPECT_NEAR(noise.std().item<double>(), 1e-3, 3e-5);
}

TEST(HideParts, HidesBandsAndFramesWithinTheLimits) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const Tensor features = torch::ones({60, 64});
    hide_parts(
        features, {.band_masks = 1, .band_width = 5, .time_masks = 1, .time_width = 100}, rng);

    const auto hidden_bands = (features.amax(0) == 0).sum().item<std::int64_t>();
    const auto hidden_frames = (features.amax(1) == 0).sum().item<std::int64_t>();
    EXPECT_LE(hidden_bands, 5);
    EXPECT_LE(hidden_frames, 12);  // a fifth
    EXPECT_EQ(features.sum().item<double>(), (60 - hidden_frames) * (64 - hidden_bands));
  }
}

TEST(SpeechFeatures, OfPowersNeedHalfAFourierTransform) {
  const SpeechFeatures features(jasper_mels(), {.spectrum = Spectrum::kPower});
  EXPECT_THAT(
      [&] { features({std::vector<float>(256), 16000}, "short.wav"); },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr(
          "short.wav: expected more than half a Fourier transform of 512 samples, found 256")));
  const Tensor least = features({std::vector<float>(257, 0.5F), 16000}, "a");
  EXPECT_EQ(least.size(0), 1);
  EXPECT_EQ(least.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace lipsound2::asr
