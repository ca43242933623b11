#include "lipsound2/vocoder/waveglow_vocoder.h"

#include <cmath>
#include <limits>

#include <ATen/Functions.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

namespace lipsound2::vocoder {
namespace {

using ::testing::HasSubstr;

audio::MelConfig tiny_mels() {
  return {.fft = 64, .window = 64, .hop = 32, .bands = 6};
}

/// A network that does something with weights that were never trained.
WaveGlow untrained(MelPath path) {
  const at::NoGradGuard no_grad;
  at::manual_seed(4);
  WaveGlow network(WaveGlowConfig{.flows = 4,
                                  .early_every = 2,
                                  .channels = 12,
                                  .layers = 3,
                                  .mel_path = path,
                                  .mel_window = 128,
                                  .mel_channels = 8},
                   tiny_mels());
  for (const auto& item : network->named_parameters())
    if (item.key().find(".end.") != std::string::npos)
      item.value().normal_(0, 0.05);
  return network;
}

WaveGlowVocoder tiny_vocoder(MelPath path, const WaveGlowSoundConfig& config) {
  return {untrained(path), tiny_mels(), config, at::kCPU};
}

Tensor tiny_mel(std::int64_t frames) {
  at::manual_seed(9);
  return at::randn({frames, 6}) - 4;
}

Tensor as_tensor(const audio::Waveform& sound) {
  return at::from_blob(const_cast<float*>(sound.samples.data()),
                       {static_cast<std::int64_t>(sound.samples.size())})
      .clone();
}

std::string complaint(const Tensor& mel) {
  try {
    tiny_vocoder(MelPath::kLinear, {}).vocode(mel, 0);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "";
}

TEST(WaveGlowVocoder, GivesTheSameSoundInChunksAsInOnePiece) {
  const Tensor mel = tiny_mel(150);
  for (const MelPath path : {MelPath::kLinear, MelPath::kTransposed}) {
    const audio::Waveform whole = tiny_vocoder(path, {.chunk_frames = 1000}).vocode(mel, 0);

    EXPECT_EQ(whole.samples.size(), 150U * 32);
    for (const std::int64_t chunk : {1, 37, 149}) {
      const audio::Waveform pieces = tiny_vocoder(path, {.chunk_frames = chunk}).vocode(mel, 0);
      EXPECT_LT((as_tensor(pieces) - as_tensor(whole)).abs().max().item<double>(), 1e-4);
    }
  }
}

TEST(WaveGlowVocoder, TakesApartOnlyANetworkThatNobodyElseHolds) {
  const Tensor mel = tiny_mel(20);
  WaveGlow held = untrained(MelPath::kTransposed), given = untrained(MelPath::kTransposed);
  const Tensor held_weight = held->named_parameters()["WN.3.in_layers.2.weight_v"];
  const Tensor given_weight = given->named_parameters()["WN.3.in_layers.2.weight_v"];

  const WaveGlowVocoder beside(held, tiny_mels(), {}, at::kCPU);
  const WaveGlowVocoder instead(std::move(given), tiny_mels(), {}, at::kCPU);

  EXPECT_EQ(held_weight.numel(), 24 * 12 * 3);
  EXPECT_EQ(given_weight.numel(), 0);
  EXPECT_EQ(instead.vocode(mel, 0).samples, beside.vocode(mel, 0).samples);
}

TEST(WaveGlowVocoder, TakesNoiseByItsPlaceSoThatWindowsOfALongMelFitTogether) {
  const Tensor mel = tiny_mel(150);
  const WaveGlowVocoder vocoder = tiny_vocoder(MelPath::kLinear, {});

  const Tensor whole = as_tensor(vocoder.vocode(mel, 0));
  const Tensor window = as_tensor(vocoder.vocode(mel.narrow(0, 50, 100), 50));

  const std::int64_t settled = 40 * 32;  // samples after which the window's edge is not heard
  EXPECT_LT((window.narrow(0, settled, 1000) - whole.narrow(0, 50 * 32 + settled, 1000))
                .abs()
                .max()
                .item<double>(),
            1e-4);
}

TEST(WaveGlowVocoder, DependsOnTheSeedAndOnSigmaAlone) {
  const Tensor mel = tiny_mel(20);
  const auto sound = [&](const WaveGlowSoundConfig& config) {
    return tiny_vocoder(MelPath::kLinear, config).vocode(mel, 0).samples;
  };

  EXPECT_EQ(sound({.noise_seed = 3}), sound({.noise_seed = 3}));
  EXPECT_NE(sound({.noise_seed = 3}), sound({.noise_seed = 4}));
  EXPECT_NE(sound({.sigma = 0.5}), sound({.sigma = 1}));
}

TEST(WaveGlowVocoder, TakesAwayTheSoundOfSilence) {
  const Tensor silence = at::full({60, 6}, std::log(1e-5));
  const auto power = [&](double denoise) {
    return as_tensor(
               tiny_vocoder(MelPath::kLinear, {.sigma = 0, .denoise = denoise}).vocode(silence, 0))
        .square()
        .mean()
        .item<double>();
  };

  EXPECT_GT(power(0), 1e-6);
  EXPECT_LT(power(1), 0.1 * power(0));
}

TEST(WaveGlowVocoder, MovesTheBandsOfItsSoundToTheMel) {
  const Tensor mel = tiny_mel(60);
  const auto distance = [&](std::int64_t steps) {
    const audio::Waveform sound =
        tiny_vocoder(MelPath::kLinear, {.mel_steps = steps}).vocode(mel, 0);
    return (audio::MelSpectrogram(tiny_mels())(sound.samples) - mel).abs().mean().item<double>();
  };

  const double untouched = distance(0);
  EXPECT_LT(distance(1), 0.6 * untouched);
  EXPECT_LT(distance(10), distance(1));
}

TEST(WaveGlowVocoder, RefusesMelsThatCannotBeTurnedIntoSound) {
  Tensor broken = tiny_mel(10);
  broken[3][2] = std::numeric_limits<float>::quiet_NaN();
  broken[7][0] = std::numeric_limits<float>::infinity();

  EXPECT_EQ(complaint(broken),
            "mel: the mel holds NaN or infinite values in 2 of 10 frames, the first of them 3");
  EXPECT_EQ(complaint(at::empty({0, 6})), "mel: the mel has no frames");
  EXPECT_THAT(complaint(at::zeros({10, 80})),
              HasSubstr("expected a mel of 6 bands [M, 6], found 10 x 80"));
}

}  // namespace
}  // namespace lipsound2::vocoder
