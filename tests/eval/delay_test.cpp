#include "lipsound2/eval/delay.h"

#include <gmock/gmock.h>

#include "support/test_speech.h"

namespace lipsound2::eval {
namespace {

/// The sound after `samples` of silence, or without its first -samples samples.
audio::Waveform shifted(audio::Waveform sound, std::ptrdiff_t samples) {
  if (samples < 0)
    sound.samples.erase(sound.samples.begin(), sound.samples.begin() - samples);
  else
    sound.samples.insert(sound.samples.begin(), static_cast<std::size_t>(samples), 0.0F);
  return sound;
}

TEST(Delay, IsExactOnAShift) {
  for (const int rate : {8000, 16000, 44100}) {
    const auto sound = make_test_speech({.rate = rate});
    for (const std::ptrdiff_t samples : {-3999, -1234, -32, -1, 0, 1, 31, 777, 3999}) {
      const auto delay = estimate_delay(sound, shifted(sound, samples)).value();

      EXPECT_EQ(delay.samples, samples) << rate;
      EXPECT_DOUBLE_EQ(delay.ms, 1000.0 * static_cast<double>(samples) / rate);
      EXPECT_GT(delay.correlation, 0.8);
    }
  }
}

// scipy.signal.correlate of scipy 1.17.1 finds the same delays, printed by
// scripts/reference/make_companions_reference.py.
TEST(DelayReference, AgreesUnderNoise) {
  const auto sound = make_test_speech({});
  auto noisy = make_test_speech({.noise = 0.01, .seed = 2});
  noisy.samples.resize(noisy.samples.size() + 8000);
  for (const std::ptrdiff_t samples : {-7000, -333, 0, 1, 4567})
    EXPECT_EQ(estimate_delay(sound, shifted(noisy, samples)).value().samples, samples);
}

TEST(Delay, ChangesItsSignWithTheOrder) {
  const auto sound = make_test_speech({});
  const auto late = shifted(sound, 1000);

  EXPECT_DOUBLE_EQ(estimate_delay(sound, late).value().ms, 62.5);
  EXPECT_DOUBLE_EQ(estimate_delay(late, sound).value().ms, -62.5);
}

TEST(Delay, DoesNotHearLoudness) {
  const auto sound = make_test_speech({});
  auto quiet = shifted(sound, 1000);
  for (float& sample : quiet.samples)
    sample *= 0.01F;

  EXPECT_EQ(estimate_delay(sound, quiet).value().samples, 1000);
}

// Another pitch: only the envelopes have something in common.
TEST(Delay, IsCloseWhenOnlyTheEnvelopeIsShared) {
  const auto other = make_test_speech({.pitch = 1.3, .noise = 0.01, .seed = 2});

  const auto delay = estimate_delay(make_test_speech({}), shifted(other, 1600)).value();

  EXPECT_NEAR(delay.ms, 100, 8 + 4);
}

TEST(Delay, StaysWithinHalfASecond) {
  const auto sound = make_test_speech({});

  EXPECT_EQ(estimate_delay(sound, shifted(sound, 8000)).value().samples, 8000);
  EXPECT_LE(estimate_delay(sound, shifted(sound, 8100)).value().ms, 500);
}

TEST(Delay, CannotBeFoundInSilenceSteadyTonesAndShortSounds) {
  const auto sound = make_test_speech({});
  audio::Waveform steady{std::vector<float>(16000), 16000};
  for (std::size_t i = 0; i < steady.samples.size(); ++i)
    steady.samples[i] = i % 2 == 0 ? 0.5F : -0.5F;
  audio::Waveform shorter = sound;
  shorter.samples.resize(1599);

  for (const auto& other : {audio::Waveform{std::vector<float>(16000), 16000}, steady, shorter}) {
    EXPECT_FALSE(estimate_delay(sound, other));
    EXPECT_FALSE(estimate_delay(other, sound));
  }
}

}  // namespace
}  // namespace lipsound2::eval
