#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/random.h"
#include "lipsound2/eval/stoi.h"
#include "lipsound2/experiment/find_config.h"
#include "lipsound2/experiment/runs.h"
#include "lipsound2/experiment/training.h"

#include "support/temporary_folder.h"

namespace lipsound2::experiment {
namespace {

/// A second of a voice on one note: harmonics up to 5 kHz that rise and fall on their own, with
/// faint noise. Its period divides the hop, so that a frame always begins at the same place of it;
/// phases of a voice that glides would have to be learned by heart.
audio::Waveform monotone(double pitch, std::uint64_t seed) {
  constexpr double kTurn = 2 * std::numbers::pi;
  Rng rng(seed);
  audio::Waveform sound{std::vector<float>(16000), 16000};
  const auto place = static_cast<double>(seed);
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    const double t = static_cast<double>(i) / 16000;
    double voice = 0;
    for (int k = 1; k * pitch <= 5000; ++k)
      voice += (1 + 0.6 * std::sin(kTurn * (0.9 * t + 0.2 * k) + place)) / std::pow(k, 0.75) *
               std::sin(k * kTurn * pitch * t);
    sound.samples[i] =
        static_cast<float>(0.12 * (0.55 + 0.45 * std::sin(kTurn * 3 * t + place)) * voice +
                           rng.uniform(-0.001, 0.001));
  }
  return sound;
}

TEST(VocoderLearns, TwoClipsUntilTheirCopiesAreIntelligible) {
  const lipsound2::testing::TemporaryFolder folder;
  const std::vector<audio::Waveform> clips = {monotone(100, 1), monotone(200, 2)};
  make_folder(folder / "sounds");
  for (const char* name : {"0", "copy"})  // the first of which is held out
    audio::write_wav(folder / "sounds" / (std::string(name) + ".wav"), clips[0]);
  audio::write_wav(folder / "sounds/1.wav", clips[1]);
  folder.write("voice.yaml",
               "task: vocoder\n"
               "data: {batch_size: 2}\n"
               "vocoder:\n"
               "  network: {group: 160, flows: 2, channels: 128, layers: 3, mel_path: linear,\n"
               "            mixing: whitening}\n"
               "  segment_frames: 100\n"
               "  train_noise: 0.005\n"
               "  sounds: " +
                   (folder / "sounds").string() +
                   "\n"
                   "train: {steps: 1000, learning_rate: 3.0e-3, warmup_steps: 10, ema: 0.98,\n"
                   "        validate_every: 1000, save_every: 1000}\n");
  run_training(load_config((folder / "voice.yaml").string(), {}), {folder / "run"}, Start::kNew);

  const Voice voice = load_voice((folder / "run").string(), {}, {.sigma = 0.1});
  for (const audio::Waveform& clip : clips) {
    const Tensor mel = audio::MelSpectrogram(voice.mel)(clip.samples);
    const auto scores = eval::stoi(clip, voice.vocoder->vocode(mel, /*first_frame=*/0));
    ASSERT_TRUE(scores);
    EXPECT_GT(scores->stoi, 0.9);
  }
}

}  // namespace
}  // namespace lipsound2::experiment
