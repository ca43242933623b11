#include "lipsound2/eval/sound_metrics.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/random.h"

namespace lipsound2::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Two seconds of a voice-like sound: harmonics of 120 Hz in bursts.
audio::Waveform bursts(int rate) {
  audio::Waveform sound{std::vector<float>(static_cast<std::size_t>(2 * rate)), rate};
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    double sum = 0;
    for (int k = 1; k <= 20; ++k)
      sum += std::sin(2 * M_PI * 120 * k * t) / k;
    const double gate = std::max(0.0, std::sin(2 * M_PI * 2 * t));
    sound.samples[i] = static_cast<float>(0.1 * gate * sum);
  }
  return sound;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const SoundMetric& metric : sound_metrics())
    names.push_back(metric.name);
  return names;
}

TEST(SoundMetrics, EqualSoundsScoreBestInAll) {
  const auto clip = score_sounds("a", bursts(16000), bursts(16000), all_names());

  EXPECT_EQ(clip.failure, "");
  EXPECT_NEAR(clip.scores.at("stoi"), 1, 1e-6);
  for (const char* name :
       {"mcd", "mcd-dtw", "lsd", "f0-rmse", "f0-rmse-cents", "vde", "gpe", "delay"})
    EXPECT_EQ(clip.scores.at(name), 0) << name;
}

TEST(SoundMetrics, SilenceIsNamedMetricByMetricAndNeverScored) {
  const audio::Waveform silence{std::vector<float>(32000, 0.0F), 16000};

  const auto clip = score_sounds("a", silence, silence, all_names());

  for (const char* name : {"stoi", "mcd", "lsd", "f0-rmse", "delay"}) {
    EXPECT_FALSE(clip.scores.contains(name)) << name;
    EXPECT_THAT(clip.failure, HasSubstr(name));
  }
}

TEST(SoundMetrics, OneMetricThatFailsKeepsTheOthers) {
  audio::Waveform brief = bursts(16000);
  brief.samples.resize(5600);  // 0.35 s: too short for STOI

  const auto clip = score_sounds("a", brief, brief, {"stoi", "lsd"});

  EXPECT_EQ(clip.scores.at("lsd"), 0);
  EXPECT_THAT(clip.failure, HasSubstr("stoi: the reference has fewer than 30 frames"));
  EXPECT_THAT(clip.failure, Not(HasSubstr("lsd")));
}

TEST(SoundMetrics, SamplesThatAreNotFiniteAreNamed) {
  audio::Waveform broken = bursts(16000);
  broken.samples[100] = std::numeric_limits<float>::quiet_NaN();

  const auto clip = score_sounds("a", bursts(16000), broken, all_names());

  EXPECT_TRUE(clip.scores.empty());
  EXPECT_THAT(clip.failure, HasSubstr("degraded sound: expected finite samples, found nan at 100"));
}

TEST(SoundMetrics, AnyLengthGetsAScoreOrAReason) {
  Rng rng(5);
  for (const std::size_t length : {0, 1, 2, 3, 255, 256, 257, 4000, 4001, 6000}) {
    audio::Waveform sound{std::vector<float>(length), 16000};
    for (float& x : sound.samples)
      x = static_cast<float>(0.1 * rng.normal());
    const auto clip = score_sounds("a", sound, sound, all_names());
    for (const std::string& name : all_names())
      EXPECT_TRUE(clip.scores.contains(name) || clip.failure.find(name) != std::string::npos)
          << name << " of " << length;
  }
}

TEST(SoundMetrics, PesqTakesSoundsOfHigherRates) {
  audio::Waveform hissing = bursts(44100);
  Rng rng(7);
  for (float& x : hissing.samples)
    x += static_cast<float>(0.01 * rng.normal());

  const auto clip =
      score_sounds("a", bursts(44100), hissing, {"pesq", "pesq-raw", "pesq-nb", "pesq-nb-raw"});

  EXPECT_EQ(clip.failure, "");
  EXPECT_LT(clip.scores.at("pesq"), 4);
  EXPECT_LT(clip.scores.at("pesq-raw"), 4);
  EXPECT_GT(clip.scores.at("pesq-nb"), clip.scores.at("pesq"));
}

TEST(SoundMetrics, WidebandPesqOfTelephoneSpeechIsRefused) {
  const auto clip = score_sounds("a", bursts(8000), bursts(8000), {"pesq", "pesq-nb"});

  EXPECT_THAT(clip.failure, HasSubstr("pesq: expected at least 16000 Hz, found 8000 Hz"));
  EXPECT_FALSE(clip.scores.contains("pesq"));
  EXPECT_NEAR(clip.scores.at("pesq-nb"), 4.549, 0.001);
}

TEST(SoundMetrics, NamesAreSplitAndUnknownOnesRefused) {
  EXPECT_THAT(parse_sound_metrics("lsd,stoi,lsd"), ElementsAre("lsd", "stoi"));
  try {
    parse_sound_metrics("stio");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(),
                HasSubstr("'stio' is not a known metric; expected some of stoi, estoi, pesq"));
  }
}

}  // namespace
}  // namespace lipsound2::eval
