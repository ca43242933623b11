#include "lipsound2/vocoder/griffin_lim.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

namespace lipsound2::vocoder {
namespace {

/// The function `voice` of scripts/reference/make_audio_reference.py, one second at 16 kHz.
std::vector<float> one_second() {
  std::vector<float> sound(16000);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double t = static_cast<double>(i) / 16000;
    sound[i] = static_cast<float>(0.5 * std::sin(2 * M_PI * (150 * t + 400 * t * t)) *
                                  (0.55 + 0.45 * std::sin(2 * M_PI * 3 * t)));
  }
  return sound;
}

/// Mean distance of log mels after a way through sound, without the frames at the edges.
double mel_distance(const GriffinLimConfig& config) {
  const audio::MelSpectrogram mel_of{audio::MelConfig{}};
  const Tensor mel = mel_of(one_second());
  const Tensor again = mel_of(GriffinLim(audio::MelConfig{}, config)(mel).samples);
  return at::abs(again - mel).narrow(0, 2, 95).mean().item<double>();
}

TEST(GriffinLimReference, ComesAsNearAsLibrosa) {
  // librosa 0.11.0, griffinlim(n_iter=32, momentum=0.99, random_state=1): 0.1235, printed by
  // scripts/reference/make_audio_reference.py.
  EXPECT_LT(mel_distance({.iterations = 32, .momentum = 0.99}), 0.1235 * 1.1);
}

TEST(GriffinLim, ComesNearerWithMoreIterations) {
  EXPECT_LT(mel_distance({.iterations = 32}), 0.8 * mel_distance({.iterations = 2}));
}

TEST(GriffinLim, GivesOneHopPerFrameAtTheRateOfTheMel) {
  const GriffinLim vocoder(audio::MelConfig{}, {.iterations = 1});

  for (const std::int64_t frames : {0, 1, 2, 300}) {
    const audio::Waveform sound = vocoder(at::zeros({frames, 80}) - 3);

    EXPECT_EQ(sound.samples.size(), static_cast<std::size_t>(frames * 160));
    EXPECT_EQ(sound.rate, 16000);
  }
}

TEST(GriffinLim, GivesTheSameSoundTwice) {
  const Tensor mel = audio::MelSpectrogram(audio::MelConfig{})(one_second());
  const GriffinLim vocoder(audio::MelConfig{}, {.iterations = 4});

  EXPECT_EQ(vocoder(mel).samples, vocoder(mel).samples);
}

TEST(GriffinLim, KeepsSilenceSilent) {
  const Tensor silence = at::zeros({50, 80}) + std::log(1e-5);

  const audio::Waveform sound = GriffinLim(audio::MelConfig{}, {})(silence);

  for (const float sample : sound.samples)
    ASSERT_LT(std::abs(sample), 1e-3);
}

}  // namespace
}  // namespace lipsound2::vocoder
