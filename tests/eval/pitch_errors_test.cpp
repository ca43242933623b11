#include "lipsound2/eval/pitch_errors.h"

#include <cmath>

#include <gmock/gmock.h>

#include "support/test_speech.h"

namespace lipsound2::eval {
namespace {

void expect_pitch_errors(const TestSpeech& degraded, const PitchErrors& expected) {
  const auto errors =
      pitch_errors(make_test_speech({.rate = degraded.rate}), make_test_speech(degraded)).value();

  EXPECT_EQ(errors.frames, expected.frames);
  EXPECT_EQ(errors.frames_voiced_in_both, expected.frames_voiced_in_both);
  EXPECT_NEAR(errors.voicing_decision_error, expected.voicing_decision_error, 1e-8);
  EXPECT_NEAR(errors.rmse_hz.value(), expected.rmse_hz.value(), 1e-4);
  EXPECT_NEAR(errors.rmse_cents.value(), expected.rmse_cents.value(), 1e-3);
  EXPECT_NEAR(errors.gross_pitch_error.value(), expected.gross_pitch_error.value(), 1e-8);
}

// numpy 2.4.6, printed by scripts/reference/make_companions_reference.py.
TEST(PitchErrorsReference, AgreeAtThreeRates) {
  expect_pitch_errors({.rate = 8000, .pitch = 1.05, .noise = 0.01, .seed = 2},
                      {196, 103, 0.025510204, 7.068401, 84.501113, 0.000000000});
  expect_pitch_errors({.rate = 16000, .pitch = 1.05, .noise = 0.01, .seed = 2},
                      {196, 105, 0.015306122, 7.050649, 84.515284, 0.000000000});
  expect_pitch_errors({.rate = 44100, .pitch = 1.05, .noise = 0.01, .seed = 2},
                      {196, 104, 0.020408163, 7.060672, 84.454192, 0.000000000});
}

TEST(PitchErrorsReference, AgreeOnGrossErrors) {
  expect_pitch_errors({.pitch = 1.25, .noise = 0.01, .seed = 2},
                      {196, 107, 0.005102041, 35.134447, 386.177747, 1.000000000});
}

TEST(PitchErrors, AreZeroForTheSoundItself) {
  const auto sound = make_test_speech({});

  const auto errors = pitch_errors(sound, sound).value();

  EXPECT_EQ(errors.voicing_decision_error, 0);
  EXPECT_EQ(errors.rmse_hz, 0.0);
  EXPECT_EQ(errors.rmse_cents, 0.0);
  EXPECT_EQ(errors.gross_pitch_error, 0.0);
}

TEST(PitchErrors, AreThoseOfTheFrames) {
  const PitchTrack reference{{100, 100, 200, std::nullopt, std::nullopt, 100}};
  const PitchTrack degraded{{100, 121, std::nullopt, 150, std::nullopt}};

  const auto errors = pitch_errors(reference, degraded).value();

  EXPECT_EQ(errors.frames, 5U);
  EXPECT_EQ(errors.frames_voiced_in_both, 2U);
  EXPECT_DOUBLE_EQ(errors.voicing_decision_error, 0.4);
  EXPECT_DOUBLE_EQ(errors.rmse_hz.value(), 21 / std::sqrt(2));
  EXPECT_DOUBLE_EQ(errors.rmse_cents.value(), 1200 * std::log2(1.21) / std::sqrt(2));
  EXPECT_DOUBLE_EQ(errors.gross_pitch_error.value(), 0.5);
}

TEST(PitchErrors, AreGrossBeyondAFifth) {
  const auto gross = [](double hz) {
    return pitch_errors(PitchTrack{{100}}, PitchTrack{{hz}}).value().gross_pitch_error.value();
  };

  EXPECT_EQ(gross(120), 0);
  EXPECT_EQ(gross(120.1), 1);
  EXPECT_EQ(gross(80), 0);
  EXPECT_EQ(gross(79.9), 1);
}

TEST(PitchErrors, KnowOnlyVoicingWhenNoFrameIsVoicedInBoth) {
  const auto errors =
      pitch_errors(PitchTrack{{100, std::nullopt}}, PitchTrack{{std::nullopt, 100}}).value();

  EXPECT_EQ(errors.voicing_decision_error, 1);
  EXPECT_FALSE(errors.rmse_hz);
  EXPECT_FALSE(errors.rmse_cents);
  EXPECT_FALSE(errors.gross_pitch_error);
}

TEST(PitchErrors, NeedAVoicedReference) {
  const audio::Waveform silence{std::vector<float>(32000), 16000};

  EXPECT_FALSE(pitch_errors(silence, make_test_speech({})));
  EXPECT_FALSE(pitch_errors(make_test_speech({}), {{0.5F}, 16000}));
  EXPECT_EQ(pitch_errors(make_test_speech({}), silence).value().frames_voiced_in_both, 0U);
}

}  // namespace
}  // namespace lipsound2::eval
