#include "lipsound2/eval/stoi.h"

#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>

#include "lipsound2/audio/sound_file.h"
#include "lipsound2/core/random.h"

#include "support/csv_rows.h"

namespace lipsound2::eval {
namespace {

using audio::Waveform;

double voice_at(double t) {
  return 0.5 * std::sin(2 * M_PI * (150 * t + 400 * t * t)) *
         (0.55 + 0.45 * std::sin(2 * M_PI * 3 * t));
}

/// The function `voice` of scripts/reference/make_audio_reference.py.
Waveform voice(int rate, double seconds) {
  Waveform sound{std::vector<float>(static_cast<std::size_t>(rate * seconds)), rate};
  for (std::size_t i = 0; i < sound.samples.size(); ++i)
    sound.samples[i] = static_cast<float>(voice_at(static_cast<double>(i) / rate));
  return sound;
}

/// The function `disturbed` of scripts/reference/make_audio_reference.py.
Waveform disturbed(int rate, double seconds) {
  Waveform sound = voice(rate, seconds);
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    sound.samples[i] =
        static_cast<float>(voice_at(t) + 0.3 * std::sin(2 * M_PI * (3000 * t - 450 * t * t)));
  }
  return sound;
}

void expect_scores(int rate, double stoi_score, double estoi_score) {
  const auto scores = stoi(voice(rate, 2), disturbed(rate, 2));

  ASSERT_TRUE(scores);
  EXPECT_NEAR(scores->stoi, stoi_score, 1e-6);
  EXPECT_NEAR(scores->estoi, estoi_score, 1e-6);
}

// pystoi 0.4.1 with numpy 2.4.6, printed by scripts/reference/make_audio_reference.py.
TEST(StoiReference, AgreesAt10kHz) {
  expect_scores(10000, 0.710291226, 0.483758471);
}

TEST(StoiReference, AgreesAt16kHz) {
  expect_scores(16000, 0.731661817, 0.507801834);
}

TEST(StoiReference, AgreesAt44100Hz) {
  expect_scores(44100, 0.724431245, 0.494181254);
}

void expect_published_scores(const std::string& table, const std::string& suffix) {
  const char* const data = std::getenv("LIPSOUND2_DATA");
  if (!data)
    GTEST_SKIP() << "LIPSOUND2_DATA is not set";
  const std::string folder = std::string(data) + "/metrics/";
  const auto rows = testing::read_csv_rows(folder + table);
  ASSERT_FALSE(rows.empty()) << folder + table;
  for (const auto& row : rows) {
    const auto scores =
        stoi(audio::read_sound(folder + row.at("ref")), audio::read_sound(folder + row.at("deg")));
    ASSERT_TRUE(scores) << row.at("deg");
    EXPECT_NEAR(scores->stoi, std::stod(row.at("stoi" + suffix)), 1e-9) << row.at("deg");
    EXPECT_NEAR(scores->estoi, std::stod(row.at("estoi" + suffix)), 1e-9) << row.at("deg");
  }
}

// Speech with babble, noise, Griffin-Lim, Opus and a low pass; scores by pystoi 0.4.1, kept in the
// tables beside the sounds.
TEST(StoiReference, AgreesOnSpeechAt10kHz) {
  expect_published_scores("expected_10k.csv", "");
}

TEST(StoiReference, AgreesOnSpeechAt16kHz) {
  expect_published_scores("expected.csv", "_16k");
}

TEST(Stoi, GivesOneToTheSoundItself) {
  const auto scores = stoi(voice(16000, 1), voice(16000, 1));

  EXPECT_NEAR(scores.value().stoi, 1, 1e-9);
  EXPECT_NEAR(scores.value().estoi, 1, 1e-9);
}

TEST(Stoi, DoesNotHearLoudness) {
  Waveform quiet = disturbed(16000, 1);
  for (float& sample : quiet.samples)
    sample *= 0.01F;

  EXPECT_NEAR(stoi(voice(16000, 1), quiet).value().stoi,
              stoi(voice(16000, 1), disturbed(16000, 1)).value().stoi,
              1e-6);
}

TEST(Stoi, CutsTheLongerSound) {
  Waveform longer = disturbed(16000, 1);
  longer.samples.resize(20000, 0.9F);

  EXPECT_EQ(stoi(voice(16000, 1), longer).value().stoi,
            stoi(voice(16000, 1), disturbed(16000, 1)).value().stoi);
  EXPECT_EQ(stoi(longer, voice(16000, 1)).value().estoi,
            stoi(disturbed(16000, 1), voice(16000, 1)).value().estoi);
}

TEST(Stoi, CannotScoreTooLittleSpeech) {
  // 30 frames of 256 samples, 128 apart, that end before the last sample: 29 * 128 + 256 + 1.
  EXPECT_FALSE(stoi(voice(10000, 0.3), voice(10000, 0.3)));
  EXPECT_FALSE(stoi({{}, 16000}, {{}, 16000}));
  EXPECT_FALSE(stoi({{0.5F}, 10000}, {{0.5F}, 10000}));
}

TEST(Stoi, CannotScoreASilentReference) {
  EXPECT_FALSE(stoi({std::vector<float>(16000), 16000}, voice(16000, 1)));
}

TEST(Stoi, GivesZeroToSilence) {
  const auto scores = stoi(voice(16000, 1), {std::vector<float>(16000), 16000});

  EXPECT_NEAR(scores.value().stoi, 0, 1e-9);
  EXPECT_NEAR(scores.value().estoi, 0, 1e-9);
}

TEST(Stoi, FallsWithNoise) {
  Rng rng(1);
  double before = 1;
  for (const double level : {0.05, 0.2, 0.8}) {
    Waveform noisy = voice(16000, 1);
    for (float& sample : noisy.samples)
      sample += static_cast<float>(level * rng.normal());

    const double score = stoi(voice(16000, 1), noisy).value().stoi;

    EXPECT_LT(score, before);
    before = score;
  }
}

}  // namespace
}  // namespace lipsound2::eval
