#include "lipsound2/eval/pitch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "lipsound2/core/error.h"

#include "support/test_speech.h"

namespace lipsound2::eval {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Pitch of the frames that stand in a test, in Hz.
struct ExpectedPitch {
  std::size_t voiced;
  double mean;
  double frame_0;
  double frame_10;
  double frame_100;
};

void expect_pitch(int rate, const ExpectedPitch& expected) {
  const auto track = track_pitch(make_test_speech({.rate = rate}));

  ASSERT_THAT(track.hz, SizeIs(196));
  double sum = 0;
  std::size_t voiced = 0;
  for (const auto& hz : track.hz)
    if (hz) {
      sum += *hz;
      ++voiced;
    }
  EXPECT_EQ(voiced, expected.voiced) << rate;
  EXPECT_NEAR(sum / static_cast<double>(voiced), expected.mean, 1e-4) << rate;
  EXPECT_NEAR(track.hz[0].value(), expected.frame_0, 1e-4) << rate;
  EXPECT_NEAR(track.hz[10].value(), expected.frame_10, 1e-4) << rate;
  EXPECT_NEAR(track.hz[100].value(), expected.frame_100, 1e-4) << rate;
  EXPECT_FALSE(track.hz[150]) << rate;
}

// numpy 2.4.6, printed by scripts/reference/make_companions_reference.py.
TEST(PitchReference, AgreesAtThreeRates) {
  expect_pitch(8000, {108, 138.489139, 179.751691, 172.550767, 156.625774});
  expect_pitch(16000, {108, 138.480464, 179.745243, 172.481237, 156.595556});
  expect_pitch(44100, {108, 138.475263, 179.740811, 172.483259, 156.591018});
}

// The formula of the test speech: 140 + 40 cos(2 pi 0.8 t) Hz. 20 cents are 1.2 %.
TEST(Pitch, FollowsAGlideWithin20Cents) {
  const auto track = track_pitch(make_test_speech({}));

  for (std::size_t i = 0; i < track.hz.size(); ++i)
    if (track.hz[i]) {
      const double t = 0.01 * static_cast<double>(i) + 0.0225;
      const double truth = 140 + 40 * std::cos(2 * M_PI * 0.8 * t);
      EXPECT_LT(std::abs(1200 * std::log2(*track.hz[i] / truth)), 20) << i;
    }
}

audio::Waveform sine(double hz) {
  audio::Waveform sound{std::vector<float>(8000), 16000};
  for (std::size_t i = 0; i < sound.samples.size(); ++i)
    sound.samples[i] =
        static_cast<float>(0.3 * std::sin(2 * M_PI * hz * static_cast<double>(i) / 16000));
  return sound;
}

TEST(Pitch, IsTheFrequencyOfASine) {
  for (const double hz : {55.0, 100.0, 123.4, 220.0, 440.0, 480.0})
    EXPECT_THAT(track_pitch(sine(hz)).hz,
                Each(::testing::Optional(::testing::DoubleNear(hz, 0.002 * hz))));
}

TEST(Pitch, DoesNotHearLoudness) {
  auto quiet = make_test_speech({});
  for (float& sample : quiet.samples)
    sample *= 0.0625F;

  EXPECT_EQ(track_pitch(quiet).hz, track_pitch(make_test_speech({})).hz);
}

TEST(Pitch, IsNotFoundInNoiseAndSilence) {
  audio::Waveform noise = make_test_speech({.pitch = 0, .noise = 0.3});

  EXPECT_THAT(track_pitch(noise).hz, Each(std::nullopt));
  EXPECT_THAT(track_pitch({std::vector<float>(8000), 16000}).hz, Each(std::nullopt));
}

TEST(Pitch, NeedsOneFrame) {
  audio::Waveform sound = sine(200);
  sound.samples.resize(720);
  EXPECT_THAT(track_pitch(sound).hz, SizeIs(1));

  sound.samples.resize(719);
  EXPECT_THAT(track_pitch(sound).hz, IsEmpty());
}

TEST(Pitch, NamesTheSampleThatIsNotFinite) {
  audio::Waveform broken = sine(200);
  broken.samples[9] = std::numeric_limits<float>::quiet_NaN();

  try {
    track_pitch(broken);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("found nan at 9"));
  }
}

}  // namespace
}  // namespace lipsound2::eval
