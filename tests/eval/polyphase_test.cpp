#include "polyphase.h"

#include <cmath>

#include <gmock/gmock.h>

namespace lipsound2::eval {
namespace {

std::vector<double> cosine(int rate, double hz, double seconds) {
  std::vector<double> samples(static_cast<std::size_t>(rate * seconds));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = std::cos(2 * M_PI * hz * static_cast<double>(i) / rate);
  return samples;
}

TEST(PolyphaseResampler, LeavesASoundOfTheSameRateAlone) {
  EXPECT_EQ(PolyphaseResampler(8000, 8000)(cosine(8000, 440, 0.1)), cosine(8000, 440, 0.1));
}

TEST(PolyphaseResampler, KeepsATone) {
  for (const int rate : {1000, 8000, 16000, 44100, 48001, 192000}) {
    const auto result = PolyphaseResampler(rate, 10000)(cosine(rate, 220, 0.5));

    ASSERT_EQ(result.size(), 5000U) << rate;
    for (std::size_t i = 1000; i < 4000; ++i)
      ASSERT_NEAR(result[i], std::cos(2 * M_PI * 220 * static_cast<double>(i) / 10000), 2e-3)
          << rate << " at " << i;
  }
}

TEST(PolyphaseResampler, RemovesWhatTheNewRateCannotHold) {
  const auto result = PolyphaseResampler(16000, 10000)(cosine(16000, 6000, 0.5));

  for (std::size_t i = 1000; i < 4000; ++i)
    ASSERT_LT(std::abs(result[i]), 2e-3) << i;
}

TEST(PolyphaseResampler, AnswersAnImpulseSymmetrically) {
  std::vector<double> impulse(1601);
  impulse[800] = 1;

  const auto result = PolyphaseResampler(16000, 10000)(impulse);

  ASSERT_EQ(result.size(), 1001U);
  EXPECT_GT(result[500], 0.5);
  for (std::size_t i = 1; i <= 500; ++i)
    ASSERT_EQ(result[500 - i], result[500 + i]) << i;
}

TEST(PolyphaseResampler, RoundsTheLengthUp) {
  const PolyphaseResampler resample(16000, 10000);

  for (const auto& [before, after] : {std::pair{0U, 0U}, {1U, 1U}, {2U, 2U}, {8U, 5U}, {9U, 6U}})
    EXPECT_EQ(resample(std::vector<double>(before)).size(), after);
}

}  // namespace
}  // namespace lipsound2::eval
