#include "checked_sound.h"

#include <functional>
#include <limits>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/eval/delay.h"
#include "lipsound2/eval/log_spectral_distance.h"
#include "lipsound2/eval/mel_cepstral_distortion.h"
#include "lipsound2/eval/pitch_errors.h"
#include "lipsound2/eval/sound_metrics.h"
#include "lipsound2/eval/stoi.h"

#include "support/test_speech.h"

namespace lipsound2::eval {
namespace {

using ::testing::HasSubstr;

using PairMetric = std::function<void(const audio::Waveform&, const audio::Waveform&)>;

/// All that compare two sounds.
std::vector<PairMetric> pair_metrics() {
  const auto pitch = [](const audio::Waveform& x, const audio::Waveform& y) { pitch_errors(x, y); };
  return {stoi,
          mel_cepstral_distortion,
          mel_cepstral_distortion_dtw,
          log_spectral_distance,
          estimate_delay,
          pitch};
}

void expect_refusal(const audio::Waveform& reference,
                    const audio::Waveform& degraded,
                    const Error& expected) {
  for (const PairMetric& metric : pair_metrics())
    try {
      metric(reference, degraded);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), expected.kind());
      EXPECT_THAT(error.what(), HasSubstr(expected.what()));
    }
}

TEST(CheckedSound, RatesThatDifferAreNamedByEveryMetric) {
  expect_refusal(make_test_speech({}),
                 make_test_speech({.rate = 8000}),
                 {ErrorKind::kData, "16000 Hz (reference) and 8000 Hz (degraded)"});
}

TEST(CheckedSound, RatesThatNoMetricTakesAreNamed) {
  for (const int rate : {-1, 0, 1, 999, 192001, std::numeric_limits<int>::max()})
    expect_refusal({{0.5F}, rate},
                   {{0.5F}, rate},
                   {ErrorKind::kData,
                    "reference sound: expected 1000 to 192000 Hz, found " + std::to_string(rate)});
}

TEST(CheckedSound, TheSampleThatIsNotFiniteIsNamedByEveryMetric) {
  audio::Waveform broken = make_test_speech({});
  broken.samples[7] = std::numeric_limits<float>::infinity();
  expect_refusal(make_test_speech({}),
                 broken,
                 {ErrorKind::kNumeric, "degraded sound: expected finite samples, found inf at 7"});

  broken.samples[7] = std::numeric_limits<float>::quiet_NaN();
  expect_refusal(broken,
                 make_test_speech({}),
                 {ErrorKind::kNumeric, "reference sound: expected finite samples, found nan at 7"});
}

// Lengths of a few samples, rates with and without a simple ratio to 10 kHz, values from the
// smallest to the largest.
TEST(CheckedSound, AnyFiniteSoundIsScoredOrNamed) {
  std::vector<std::string> names;
  for (const SoundMetric& metric : sound_metrics())
    names.push_back(metric.name);
  for (const int rate : {1, 1000, 7919, 48000, 192000, 384000})
    for (const float value : {0.0F, 1e-45F, 0.5F, std::numeric_limits<float>::max()})
      for (const std::size_t length : {0, 1, 2, 600}) {
        audio::Waveform sound{std::vector<float>(length, value), rate};
        if (length > 100)
          sound.samples[100] = -value;

        const ClipScores clip = score_sounds("a", sound, sound, names);

        for (const std::string& name : names)
          EXPECT_TRUE(clip.scores.contains(name) || clip.failure.find(name) != std::string::npos)
              << name << " of " << length << " at " << rate;
      }
}

}  // namespace
}  // namespace lipsound2::eval
