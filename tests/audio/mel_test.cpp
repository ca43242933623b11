#include "lipsound2/audio/mel.h"

#include <cmath>
#include <thread>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

#include "lipsound2/audio/stft.h"
#include "lipsound2/config/yaml.h"
#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

namespace lipsound2::audio {
namespace {

/// The function `voice` of scripts/reference/make_audio_reference.py at 16 kHz.
std::vector<float> voice(std::size_t samples) {
  std::vector<float> sound(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / 16000;
    sound[i] = static_cast<float>(0.5 * std::sin(2 * M_PI * (150 * t + 400 * t * t)) *
                                  (0.55 + 0.45 * std::sin(2 * M_PI * 3 * t)));
  }
  return sound;
}

Tensor as_tensor(std::vector<float>& samples) {
  return at::from_blob(samples.data(), {static_cast<std::int64_t>(samples.size())}, at::kFloat);
}

double entry(const Tensor& matrix, std::int64_t row, std::int64_t column) {
  return matrix[row][column].item<double>();
}

// Every number of MelReference: librosa 0.11.0 with numpy 2.4.6, printed by
// scripts/reference/make_audio_reference.py.
TEST(MelReference, FiltersAgreeWithLibrosa) {
  const Tensor filters = mel_filters({});

  EXPECT_NEAR(entry(filters, 0, 1), 0.0112672802, 1e-8);
  EXPECT_NEAR(entry(filters, 0, 2), 0.0225345604, 1e-8);
  EXPECT_NEAR(entry(filters, 10, 26), 0.0244151317, 1e-8);
  EXPECT_NEAR(entry(filters, 40, 110), 0.0144441761, 1e-8);
  EXPECT_NEAR(entry(filters, 79, 500), 0.00210355804, 1e-8);
  EXPECT_NEAR(filters.sum().item<double>(), 5.11865764, 1e-5);
}

TEST(MelReference, LogMelAgreesWithLibrosa) {
  const auto samples = voice(16000);

  const Tensor mel = MelSpectrogram(MelConfig{})(samples);

  EXPECT_THAT(mel.sizes(), ::testing::ElementsAre(100, 80));
  EXPECT_NEAR(mel.mean().item<double>(), -9.626699, 1e-3);
  EXPECT_NEAR(entry(mel, 0, 0), -0.440095, 1e-4);
  EXPECT_NEAR(entry(mel, 0, 5), -0.496413, 1e-4);
  EXPECT_NEAR(entry(mel, 50, 10), -5.177728, 1e-4);
  EXPECT_NEAR(entry(mel, 50, 70), std::log(1e-5), 1e-5);
  EXPECT_NEAR(entry(mel, 99, 20), -1.936455, 1e-4);
  EXPECT_NEAR(entry(mel, 99, 79), -6.460280, 1e-3);
}

TEST(MelSpectrogram, GivesOneFramePerWholeHop) {
  const MelSpectrogram mel{MelConfig{}};

  for (const std::size_t samples : {0, 1, 159, 160, 161, 321, 48000})
    EXPECT_EQ(mel(voice(samples)).size(0), static_cast<std::int64_t>(samples / 160)) << samples;
}

TEST(MelSpectrogram, IsTheLogarithmOfFilteredMagnitudesInAnySetting) {
  auto samples = voice(7000);
  for (const MelConfig& config : {MelConfig{},
                                  MelConfig{.fft = 512, .window = 400, .hop = 100, .bands = 40},
                                  MelConfig{.fft = 882, .window = 882, .hop = 441, .bands = 23}}) {
    const Tensor magnitudes = Stft(stft_config(config)).forward(as_tensor(samples)).abs();
    const Tensor expected = at::matmul(magnitudes, mel_filters(config).t()).clamp_min(config.floor);

    EXPECT_TRUE(at::allclose(MelSpectrogram(config)(samples).exp(), expected, 1e-5, 1e-6))
        << config.fft;
  }
}

TEST(MelSpectrogram, MirrorsSoundsThatAreShorterThanAWindow) {
  for (const std::size_t length : {160, 200, 400}) {
    auto samples = voice(length);
    const Tensor magnitudes = Stft(stft_config({})).forward(as_tensor(samples)).abs();
    const Tensor expected = at::matmul(magnitudes, mel_filters({}).t()).clamp_min(1e-5);

    EXPECT_TRUE(at::allclose(MelSpectrogram(MelConfig{})(samples).exp(), expected, 1e-5, 1e-6))
        << length;
  }
}

TEST(MelSpectrogram, PutsSilenceAtTheFloor) {
  const Tensor mel = MelSpectrogram(MelConfig{})(std::vector<float>(1600));

  EXPECT_TRUE(at::allclose(mel, at::ones({10, 80}) * std::log(1e-5)));
}

TEST(MelSpectrogram, GivesTheSameFromSeveralThreads) {
  const MelSpectrogram mel{MelConfig{}};
  const auto samples = voice(16000);
  const Tensor expected = mel(samples);
  std::vector<Tensor> results(4);
  std::vector<std::thread> threads;

  for (Tensor& result : results)
    threads.emplace_back([&] { result = mel(samples); });
  for (std::thread& thread : threads)
    thread.join();

  for (const Tensor& result : results)
    EXPECT_TRUE(result.equal(expected));
}

TEST(MelConfig, ReportsEveryBrokenRule) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "mel.yaml";
  write_file(path, "fft: 511\nwindow: 640\nhop: 400\nlow_hz: 9000\nhigh_hz: 8500\n");

  try {
    config::read_yaml<MelConfig>(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(
        error.what(),
        ::testing::AllOf(::testing::HasSubstr("must be even, is 511"),
                         ::testing::HasSubstr("must be at most fft (511), is 640"),
                         ::testing::HasSubstr("must be at most half of window (640), is 400"),
                         ::testing::HasSubstr("must be below high_hz (8500), is 9000"),
                         ::testing::HasSubstr("half of sample_rate (16000), is 8500")));
  }
}

TEST(Stft, InverseRestoresTheSound) {
  auto samples = voice(4800);
  const Tensor sound = as_tensor(samples);
  const Stft stft({.fft = 1024, .window = 640, .hop = 160});

  EXPECT_TRUE(at::allclose(stft.inverse(stft.forward(sound)), sound, 0, 1e-5));
}

TEST(Stft, TreatsTheRowsOfABatchAlone) {
  auto samples = voice(3200);
  const Tensor first = as_tensor(samples);
  const Tensor second = first.flip(0);
  const Stft stft({.fft = 512, .window = 400, .hop = 100});

  const Tensor both = stft.forward(at::stack({first, second}));

  EXPECT_TRUE(at::allclose(both[0], stft.forward(first)));
  EXPECT_TRUE(at::allclose(both[1], stft.forward(second)));
  EXPECT_TRUE(at::allclose(stft.inverse(both)[1], stft.inverse(both[1]), 0, 1e-6));
}

TEST(Stft, MirrorsSoundsThatAreShorterThanAWindow) {
  // The frame at 0 of samples 1, 2, 3, 4 mirrored without end: ... 3 2 [1] 2 3 4 3 2 1 2 ...; with
  // a window of 8 it sees 3 4 3 2 [1] 2 3 4 before the window.
  std::vector<float> samples{1, 2, 3, 4};
  std::vector<float> seen{3, 4, 3, 2, 1, 2, 3, 4};
  double expected = 0;  // the transform at 0 Hz is the windowed sum
  for (std::size_t i = 0; i < 8; ++i)
    expected += seen[i] * (0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / 8));

  const Tensor spectrum = Stft({.fft = 8, .window = 8, .hop = 4}).forward(as_tensor(samples));

  EXPECT_EQ(spectrum.size(0), 1);
  EXPECT_NEAR(at::abs(spectrum[0][0]).item<double>(), expected, 1e-5);
}

TEST(Stft, PutsAnImpulseAtTheCenterOfTheWindow) {
  const Stft stft({.fft = 1024, .window = 640, .hop = 160});

  const Tensor sound = stft.inverse(stft.impulse_phase().expand({5, 513}));

  for (const std::int64_t center : {0, 160, 320, 480, 640})
    EXPECT_GT(sound[center].item<double>(), 100 * sound[center + 80].abs().item<double>());
}

TEST(MelStats, AgreeWithAllFramesAtOnce) {
  const Tensor first = MelSpectrogram(MelConfig{})(voice(8000));
  const Tensor second = MelSpectrogram(MelConfig{})(voice(4000)) * 0.5 + 3;
  MelStatsCounter counter(80);

  counter.add(first);
  counter.add(first.narrow(0, 0, 0));
  counter.add(second);

  const Tensor all = at::cat({first, second}).to(at::kDouble);
  EXPECT_TRUE(at::allclose(counter.stats().mean.to(at::kDouble), all.mean(0), 1e-5));
  EXPECT_TRUE(at::allclose(counter.stats().deviation.to(at::kDouble),
                           (all - all.mean(0)).square().mean(0).sqrt(),
                           1e-5));
}

TEST(MelStats, NormalizeAndBack) {
  const Tensor mel = MelSpectrogram(MelConfig{})(voice(8000));
  MelStatsCounter counter(80);
  counter.add(mel);
  const MelStats stats = counter.stats();

  const Tensor normalized = stats.normalize(mel);

  EXPECT_TRUE(at::allclose(normalized.mean(0), at::zeros({80}), 0, 1e-2));
  EXPECT_TRUE(at::allclose(stats.denormalize(normalized), mel, 1e-4, 1e-4));
}

TEST(MelStats, SurviveABandThatNeverChanges) {
  MelStatsCounter counter(2);
  counter.add(at::ones({7, 2}));

  EXPECT_TRUE(at::allclose(counter.stats().normalize(at::ones({1, 2})), at::zeros({1, 2})));
}

}  // namespace
}  // namespace lipsound2::audio
